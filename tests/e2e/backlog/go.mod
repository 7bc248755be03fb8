module example.com/backlog

go 1.25
