module realworld/randomdata-rand

go 1.24

require github.com/Pallinder/go-randomdata v1.1.0

require golang.org/x/text v0.3.2 // indirect
