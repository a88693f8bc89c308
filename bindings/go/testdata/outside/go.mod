module example.com/outside

go 1.19

require github.com/example/ofauth/bindings/go v0.0.0

replace github.com/example/ofauth/bindings/go => ../..
