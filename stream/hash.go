package stream

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"reflect"
	"unsafe"
)

// Keys are hashed the same way in every process and on every platform, because the hash decides which key group, and so
// which subtask and which part of a checkpoint, a key belongs to. The mixing is a 64×64→128-bit multiplication folded by
// XOR, over eight bytes at a time.

const (
	seed0 = 0x9e3779b97f4a7c15
	seed1 = 0xd6e8feb86659fd93
	seed2 = 0xa0761d6478bd642f
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func hashWord(x uint64) uint64 { return mix(mix(x^seed0, seed1), seed2) }

// hashString returns the hash of a string and the two words that hold its last 16 bytes: all of it, where it is not longer.
func hashString(s string) (uint64, packed) {
	n := len(s)
	h := uint64(n) ^ seed0
	b := unsafe.Slice(unsafe.StringData(s), n)
	for len(b) > 16 {
		h = mix(binary.LittleEndian.Uint64(b)^seed1, binary.LittleEndian.Uint64(b[8:])^h)
		b = b[16:]
	}
	var p packed
	switch {
	case len(b) >= 8:
		p = packed{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[len(b)-8:])}
	case len(b) >= 4:
		p = packed{uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[len(b)-4:]))}
	case len(b) > 0:
		p = packed{uint64(b[0]) | uint64(b[len(b)>>1])<<8 | uint64(b[len(b)-1])<<16, 0}
	}
	return mix(mix(p.lo^seed1, p.hi^h), seed2), p
}

// hasher hashes keys of type K into hashes, which has their number.
type hasher[K comparable] func(keys []K, hashes []uint64)

// newHasher makes the hasher of a key type. Keys are strings, integers, floating-point numbers, booleans, and arrays and structs
// of these: what is equal in every process whenever it is equal in one.
func newHasher[K comparable]() (hasher[K], error) {
	var h any
	switch any(*new(K)).(type) {
	case string:
		h = hasher[string](func(keys []string, hashes []uint64) {
			hashes = hashes[:len(keys)]
			for i, k := range keys {
				hashes[i], _ = hashString(k)
			}
		})
	case int64:
		h = hashIntegers[int64]()
	case int:
		h = hashIntegers[int]()
	case int32:
		h = hashIntegers[int32]()
	case uint64:
		h = hashIntegers[uint64]()
	case uint32:
		h = hashIntegers[uint32]()
	}
	if h != nil {
		return h.(hasher[K]), nil
	}
	parts, err := layout(reflect.TypeFor[K](), 0, nil)
	if err != nil {
		return nil, err
	}
	return func(keys []K, hashes []uint64) {
		for i := range keys {
			hashes[i] = hashParts(unsafe.Pointer(&keys[i]), parts)
		}
	}, nil
}

func hashIntegers[K int | int32 | int64 | uint32 | uint64]() hasher[K] {
	return func(keys []K, hashes []uint64) {
		hashes = hashes[:len(keys)]
		for i, k := range keys {
			hashes[i] = hashWord(uint64(k))
		}
	}
}

// part is one basic value within a key.
type part struct {
	offset uintptr
	kind   reflect.Kind
}

// layout lists the basic values of a key type; it runs once, when the job is built.
func layout(t reflect.Type, at uintptr, parts []part) ([]part, error) {
	switch k := t.Kind(); k {
	case reflect.String, reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return append(parts, part{at, k}), nil
	case reflect.Array:
		var err error
		for i := range t.Len() {
			if parts, err = layout(t.Elem(), at+uintptr(i)*t.Elem().Size(), parts); err != nil {
				return nil, err
			}
		}
		return parts, nil
	case reflect.Struct:
		var err error
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Name == "_" {
				continue // not compared by == either
			}
			if parts, err = layout(f.Type, at+f.Offset, parts); err != nil {
				return nil, fmt.Errorf("field %s: %w", f.Name, err)
			}
		}
		return parts, nil
	}
	return nil, fmt.Errorf("%s cannot be a key: keys are strings, numbers, booleans, and arrays and structs of these", t)
}

func hashParts(key unsafe.Pointer, parts []part) uint64 {
	h := uint64(seed0)
	for _, p := range parts {
		at := unsafe.Add(key, p.offset)
		var w uint64
		switch p.kind {
		case reflect.String:
			w, _ = hashString(*(*string)(at))
		case reflect.Bool, reflect.Uint8:
			w = uint64(*(*uint8)(at))
		case reflect.Int8:
			w = uint64(*(*int8)(at))
		case reflect.Int16:
			w = uint64(*(*int16)(at))
		case reflect.Uint16:
			w = uint64(*(*uint16)(at))
		case reflect.Int32:
			w = uint64(*(*int32)(at))
		case reflect.Uint32:
			w = uint64(*(*uint32)(at))
		case reflect.Int, reflect.Int64, reflect.Uint, reflect.Uint64:
			w = *(*uint64)(at)
		case reflect.Float32:
			w = floatBits(float64(*(*float32)(at)))
		case reflect.Float64:
			w = floatBits(*(*float64)(at))
		}
		h = mix(w^seed1, h^seed2)
	}
	return mix(h, seed1)
}

// floatBits makes +0 and -0, which are equal, the same.
func floatBits(f float64) uint64 {
	if f == 0 {
		return 0
	}
	return math.Float64bits(f)
}
