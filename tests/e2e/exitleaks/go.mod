module example.com/exitleaks

go 1.25
