module realworld/bigcache-iterator

go 1.24

require github.com/allegro/bigcache v1.2.1

require github.com/stretchr/testify v1.12.1 // indirect
