module redflag.test/fast

go 1.25
