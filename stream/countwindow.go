package stream

// CountWindow calls f with the last size values of a key, in the order of their arrival, after every slide values of it: with slide = size once for
// each value, with less more than once. At first there are fewer than size. Values left over at the end of the input are not in any window.
func CountWindow[K comparable, T, U any](s Keyed[K, T], size, slide int, f func(K, []T) U) Stream[U] {
	if size < 1 || slide < 1 {
		s.stream.job.fail("CountWindow: the size %d and the slide %d must be at least 1", size, slide)
		size, slide = 1, 1
	}
	return Process(s, func(states *States) Handler[K, T, U] {
		last, since := ListState[T](states, "last"), ValueState[int](states, "since")
		return Handler[K, T, U]{Value: func(c *Context[K, U], v T) error {
			n, _ := since.Get()
			n++
			if size > slide || n > slide-size { // others would be gone before the next window
				last.Add(v)
			}
			if n < slide {
				since.Set(n)
				return nil
			}
			since.Clear()
			window := last.values()
			window = window[max(0, len(window)-size):]
			err := c.Emit(f(c.Key(), window))
			if keep := max(0, size-slide); keep < len(window) {
				last.Replace(window[len(window)-keep:]...)
			} else {
				last.Replace(window...)
			}
			return err
		}}
	})
}
