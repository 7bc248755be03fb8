module example.com/cgomem

go 1.25
