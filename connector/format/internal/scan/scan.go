// Package scan reads numbers, decimals, dates and times from bytes, as the text formats spell them.
//
// What enters: the bytes of one value. What leaves: the value, or false: the caller knows column and record and
// makes the error. The csv and json formats call it for every field of every row.
//
// What must hold: nothing allocates; every function accepts exactly what Apache Flink's formats accept for the type, as
// its comment says, and never reads behind its argument.
package scan

import "github.com/millstream/millstream/objstore"

// Padded returns data with at least objstore.Tailroom readable bytes behind it, so that loads of a word may
// start at any of its bytes. That is what a decoder is given anyway; where not, data is copied.
func Padded(data []byte) []byte {
	if cap(data)-len(data) >= objstore.Tailroom {
		return data
	}
	return append(make([]byte, 0, len(data)+objstore.Tailroom), data...)
}

// Trim cuts bytes up to and including the blank off both ends, as Java's String.trim does.
func Trim(b []byte) []byte {
	for len(b) > 0 && b[0] <= ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] <= ' ' {
		b = b[:len(b)-1]
	}
	return b
}

// IsTrue reports whether b reads "true" in any case. The formats take every other text for false.
func IsTrue(b []byte) bool {
	return len(b) == 4 && b[0]|0x20 == 't' && b[1]|0x20 == 'r' && b[2]|0x20 == 'u' && b[3]|0x20 == 'e'
}
