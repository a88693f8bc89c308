module github.com/example/ofauth/bindings/go

go 1.19
