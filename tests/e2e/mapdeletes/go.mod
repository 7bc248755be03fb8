module example.com/mapdeletes

go 1.25
