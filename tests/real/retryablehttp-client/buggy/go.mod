module realworld/retryablehttp-client

go 1.24

require github.com/hashicorp/go-retryablehttp v0.6.6

require github.com/hashicorp/go-cleanhttp v0.5.1 // indirect
