module realworld/gock-register

go 1.24

require github.com/h2non/gock v1.2.0

require github.com/h2non/parth v0.0.0-20190131123155-b4df798d6542 // indirect
