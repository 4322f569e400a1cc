package stream

// numbering maps keys to dense numbers in the order of their first coming.
type numbering[K comparable] interface {
	// lookup writes the number of each key to out, giving one to each new key.
	lookup(keys []K, out []int32)
	// held returns the keys by their numbers, hashed their hashes.
	held() []K
	hashed() []uint64
	// reset forgets all keys and keeps the memory of the slots.
	reset()
}

// newNumbering chooses the table for a type of keys.
func newNumbering[K comparable](hash hasher[K]) numbering[K] {
	if _, ok := any(*new(K)).(string); ok {
		return any(newStringTable()).(numbering[K])
	}
	return newTable(hash)
}

// slots is the open-addressing part of a table: words of (tag, number + 1) at the places that hashes choose, 0 where there is
// nothing. Tags are 32 bits, of the hash or with it.
type slots struct {
	words []uint64
	mask  uint64
}

const firstSlots = 1 << 10

func newSlots() slots { return slots{make([]uint64, firstSlots), firstSlots - 1} }

// grown reports whether the slots were doubled because n keys fill half of them; they are then empty.
func (s *slots) grown(n int) bool {
	if 2*n <= len(s.words) {
		return false
	}
	s.words = make([]uint64, 2*len(s.words))
	s.mask = uint64(len(s.words) - 1)
	return true
}

// put enters a number that is not there yet.
func (s *slots) put(hash, tag uint64, number int) {
	at := hash & s.mask
	for s.words[at] != 0 {
		at = (at + 1) & s.mask
	}
	s.words[at] = tag<<32 | uint64(number+1)
}

// table numbers keys of any type, like [state.Groups] but over Go values.
type table[K comparable] struct {
	slots
	hash   hasher[K]
	keys   []K
	hashes []uint64 // by number
	batch  []uint64 // hashes of the keys at hand
}

func newTable[K comparable](hash hasher[K]) *table[K] {
	return &table[K]{slots: newSlots(), hash: hash}
}

func (t *table[K]) held() []K        { return t.keys }
func (t *table[K]) hashed() []uint64 { return t.hashes }

func (t *table[K]) lookup(keys []K, out []int32) {
	if cap(t.batch) < len(keys) {
		t.batch = make([]uint64, max(len(keys), batchLen))
	}
	hashes := t.batch[:len(keys)]
	t.hash(keys, hashes)
	out = out[:len(keys)]
	for i, h := range hashes {
		at := h & t.mask
		for {
			s := t.words[at]
			if s == 0 {
				out[i] = t.insert(keys[i], h)
				break
			}
			if n := uint32(s) - 1; s>>32 == h>>32 && t.keys[n] == keys[i] {
				out[i] = int32(n)
				break
			}
			at = (at + 1) & t.mask
		}
	}
}

func (t *table[K]) insert(k K, h uint64) int32 {
	n := len(t.keys)
	t.keys = append(t.keys, k)
	t.hashes = append(t.hashes, h)
	if !t.grown(n + 1) {
		t.put(h, h>>32, n)
		return int32(n)
	}
	for i, h := range t.hashes {
		t.put(h, h>>32, i)
	}
	return int32(n)
}

func (t *table[K]) reset() {
	clear(t.words)
	clear(t.keys)
	t.keys, t.hashes = t.keys[:0], t.hashes[:0]
}
