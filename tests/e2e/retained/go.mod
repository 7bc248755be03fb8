module example.com/retained

go 1.25
