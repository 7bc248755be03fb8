package covered

func Half(n int) int {
	if n > 10 {
		return n / 2
	}
	return n
}
