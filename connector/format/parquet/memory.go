package parquet

import "sync"

// chunkMemory keeps the memory of chunks from row group to row group: tens of megabytes that would be cleared and mapped anew each time.
var chunkMemory sync.Pool // of *[]byte

// leastKept is the size, in bytes, from which memory is worth keeping.
const leastKept = 1 << 20

// takeMemory returns n bytes of any content with padding behind them.
func takeMemory(n int64) []byte {
	if n >= leastKept {
		if b, ok := chunkMemory.Get().(*[]byte); ok && int64(cap(*b)) >= n+padding {
			return (*b)[:n]
		}
	}
	return make([]byte, n, n+padding)
}

// keepMemory gives memory back that nothing points to any more.
func keepMemory(b []byte) {
	if cap(b) >= leastKept {
		chunkMemory.Put(&b)
	}
}
