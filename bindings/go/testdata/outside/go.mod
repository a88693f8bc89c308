module example.com/outside

go 1.19

require ofauth v0.0.0

replace ofauth => ../..
