package state

// Queue orders numbers by time, the earliest first; of equal times the smaller number first. It is a binary heap without pointers.
type Queue struct {
	times []int64
	ids   []int32
}

// Len returns how many entries there are.
func (q *Queue) Len() int { return len(q.times) }

// First returns the earliest time; the queue must not be empty.
func (q *Queue) First() int64 { return q.times[0] }

// Push adds an entry.
func (q *Queue) Push(time int64, id int32) {
	q.times, q.ids = append(q.times, time), append(q.ids, id)
	for i := len(q.times) - 1; i > 0; {
		up := (i - 1) / 2
		if !q.less(i, up) {
			return
		}
		q.swap(i, up)
		i = up
	}
}

// Pop removes the earliest entry.
func (q *Queue) Pop() (time int64, id int32) {
	time, id = q.times[0], q.ids[0]
	last := len(q.times) - 1
	q.swap(0, last)
	q.times, q.ids = q.times[:last], q.ids[:last]
	q.sink(0)
	return time, id
}

func (q *Queue) sink(i int) {
	for {
		down := 2*i + 1
		if down >= len(q.times) {
			return
		}
		if down+1 < len(q.times) && q.less(down+1, down) {
			down++
		}
		if !q.less(down, i) {
			return
		}
		q.swap(i, down)
		i = down
	}
}

func (q *Queue) less(i, j int) bool {
	return q.times[i] < q.times[j] || q.times[i] == q.times[j] && q.ids[i] < q.ids[j]
}

func (q *Queue) swap(i, j int) {
	q.times[i], q.times[j] = q.times[j], q.times[i]
	q.ids[i], q.ids[j] = q.ids[j], q.ids[i]
}

// Renumber gives each entry the number that moved has for its own, and drops those for which that is None.
func (q *Queue) Renumber(moved []int32) {
	n := 0
	for i, id := range q.ids {
		if to := moved[id]; to != None {
			q.times[n], q.ids[n] = q.times[i], to
			n++
		}
	}
	q.times, q.ids = q.times[:n], q.ids[:n]
	for i := n/2 - 1; i >= 0; i-- {
		q.sink(i)
	}
}

// SizeBytes returns the memory held, in bytes.
func (q *Queue) SizeBytes() int { return cap(q.times)*8 + cap(q.ids)*4 }
