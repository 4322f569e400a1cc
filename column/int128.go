package column

// Int128 is DECIMAL's unscaled value: two's complement, little endian, as Arrow's decimal128.
type Int128 struct {
	Lo uint64
	Hi int64
}

// Int128Of widens an int64.
func Int128Of(v int64) Int128 { return Int128{uint64(v), v >> 63} }

// IsInt64 reports whether the value fits an int64.
func (d Int128) IsInt64() bool { return d.Hi == int64(d.Lo)>>63 }
