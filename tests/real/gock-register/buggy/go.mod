module realworld/gock-register

go 1.24

require github.com/h2non/gock v1.0.9

require github.com/nbio/st v0.0.0-20140626010706-e9e8d9816f32 // indirect
