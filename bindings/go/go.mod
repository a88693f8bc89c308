module ofauth

go 1.19
