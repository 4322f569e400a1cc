package column

import (
	"fmt"
	"strconv"

	"github.com/RoaringBitmap/roaring/v2"
)

// ReadBitset reads the bytes of a BITMAP into set.
func ReadBitset(set *roaring.Bitmap, b []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
		if err != nil {
			err = fmt.Errorf("the %d bytes are no bitmap in Roaring's portable format: %w", len(b), err)
		}
	}()
	if err := set.UnmarshalBinary(b); err != nil {
		return err
	}
	return set.Validate()
}

// BitsetBytes returns the bytes of a BITMAP. Equal sets have equal bytes.
func BitsetBytes(set *roaring.Bitmap) []byte {
	set.RunOptimize()
	b, err := set.ToBytes()
	if err != nil {
		panic(err) // writing to memory does not fail
	}
	return b
}

// AppendBitset writes a BITMAP as its members in ascending order: {1,3,5}.
func AppendBitset(dst, b []byte) []byte {
	set := roaring.New()
	dst = append(dst, '{')
	if len(b) > 0 && ReadBitset(set, b) == nil {
		for i := set.Iterator(); i.HasNext(); {
			dst = append(strconv.AppendUint(dst, uint64(i.Next()), 10), ',')
		}
	}
	if n := len(dst) - 1; dst[n] == ',' {
		dst[n] = '}'
		return dst
	}
	return append(dst, '}')
}
