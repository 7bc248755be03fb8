module realworld/sqlmock-expectations

go 1.24

require github.com/DATA-DOG/go-sqlmock v1.3.0
