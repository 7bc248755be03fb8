package notests

func helper() {}
