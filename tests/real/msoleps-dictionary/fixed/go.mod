module realworld/msoleps-dictionary

go 1.24

require github.com/richardlehane/msoleps v1.0.4
