package expr

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/millstream/millstream/column"
)

func init() {
	bitmap := column.Of(column.Bitset)
	ints := param{"an ARRAY<INT>", func(t column.Type) bool { return t.Kind == column.Array && t.Elem.Kind == column.Int }, column.Type{}, column.ArrayOf(column.Of(column.Int))}
	bytes := param{"a binary value", column.Type.IsBinary, column.Type{}, column.Bytes()}
	list := column.ArrayOf(column.Of(column.Int))
	register(
		&Function{Name: "BITMAP_BUILD", Doc: "The BITMAP of the integers of an array, which count as unsigned: −1 is 4294967295. NULLs are left out.",
			Example: "BITMAP_BUILD(ARRAY[5, 1, 5]) => {1,5}", Resolve: takes(always(bitmap), ints).resolve("BITMAP_BUILD"), Compile: compileBitmapBuild},
		&Function{Name: "BITMAP_FROM_BYTES", Doc: "The BITMAP that BITMAP_TO_BYTES wrote, in Roaring's portable format.",
			Example: "BITMAP_FROM_BYTES(BITMAP_TO_BYTES(BITMAP_BUILD(ARRAY[1, 2]))) => {1,2}", Resolve: takes(always(bitmap), bytes).resolve("BITMAP_FROM_BYTES"),
			Compile: func(c *Call) (Kernel, error) { return bitmapKernel(c, func(*roaring.Bitmap, *roaring.Bitmap) {}), nil }},
		textFunction("BITMAP_TO_BYTES", "A BITMAP in Roaring's portable format.", "BITMAP_CARDINALITY(BITMAP_FROM_BYTES(BITMAP_TO_BYTES(BITMAP_BUILD(ARRAY[7])))) => 1",
			takes(always(column.Bytes()), isBitmap), func(c *Call) Kernel {
				return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) { return append(dst, a.text(0)...), true })
			}),
		textFunction("BITMAP_TO_STRING", "The members of a BITMAP in ascending order, in braces.", "BITMAP_TO_STRING(BITMAP_BUILD(ARRAY[9, 1])) => {1,9}",
			takes(always(column.Str()), isBitmap), func(c *Call) Kernel {
				return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) { return column.AppendBitset(dst, a.text(0)), true })
			}),
		&Function{Name: "BITMAP_TO_ARRAY", Doc: "The members of a BITMAP in ascending order as unsigned integers, as an array of INT.",
			Example: "BITMAP_TO_ARRAY(BITMAP_BUILD(ARRAY[9, 1, -1])) => [1, 9, -1]", Resolve: takes(always(list), isBitmap).resolve("BITMAP_TO_ARRAY"), Compile: compileBitmapToArray},
		&Function{Name: "BITMAP_CARDINALITY", Doc: "The number of members of a BITMAP.", Example: "BITMAP_CARDINALITY(BITMAP_BUILD(ARRAY[1, 5, 1])) => 2", strict: true,
			Resolve: takes(always(column.Of(column.BigInt)), isBitmap).resolve("BITMAP_CARDINALITY"), Compile: compileBitmapCardinality},
	)
	for _, f := range []struct {
		name, doc, example string
		combine            func(a, b *roaring.Bitmap)
	}{
		{"BITMAP_AND", "The members of both BITMAPs.", "BITMAP_AND(BITMAP_BUILD(ARRAY[1, 2]), BITMAP_BUILD(ARRAY[2, 3])) => {2}", (*roaring.Bitmap).And},
		{"BITMAP_OR", "The members of either BITMAP.", "BITMAP_OR(BITMAP_BUILD(ARRAY[1, 2]), BITMAP_BUILD(ARRAY[2, 3])) => {1,2,3}", (*roaring.Bitmap).Or},
		{"BITMAP_XOR", "The members of one BITMAP and not of the other.", "BITMAP_XOR(BITMAP_BUILD(ARRAY[1, 2]), BITMAP_BUILD(ARRAY[2, 3])) => {1,3}", (*roaring.Bitmap).Xor},
		{"BITMAP_ANDNOT", "The members of the first BITMAP that the second does not have.", "BITMAP_ANDNOT(BITMAP_BUILD(ARRAY[1, 2]), BITMAP_BUILD(ARRAY[2, 3])) => {1}", (*roaring.Bitmap).AndNot},
	} {
		register(&Function{Name: f.name, Doc: f.doc, Example: f.example, Resolve: takes(always(bitmap), isBitmap, isBitmap).resolve(f.name),
			Compile: func(c *Call) (Kernel, error) { return bitmapKernel(c, f.combine), nil }})
	}
}

var isBitmap = param{"a BITMAP", func(t column.Type) bool { return t.Kind == column.Bitset }, column.Type{}, column.Of(column.Bitset)}

// bitmapKernel reads the arguments' bitmaps, changes the first by the second, if there is one, and writes it.
func bitmapKernel(c *Call, combine func(a, b *roaring.Bitmap)) Kernel {
	a, x, y := newRowArgs(c), roaring.New(), roaring.New()
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		out.Resize(n)
		views := column.Values[column.View](out)[:n]
		clear(views)
		return a.each(args, n, sel, out, false, func(r int) error {
			if err := column.ReadBitset(x, a.text(0)); err != nil {
				return err
			}
			if len(args) > 1 {
				if err := column.ReadBitset(y, a.text(1)); err != nil {
					return err
				}
				combine(x, y)
			}
			views[r] = out.Hold(column.BitsetBytes(x))
			return nil
		})
	}
}

func compileBitmapBuild(c *Call) (Kernel, error) {
	a, set := newRowArgs(c), roaring.New()
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		out.Resize(n)
		views := column.Values[column.View](out)[:n]
		clear(views)
		list, o := args[0].Children[0], args[0].Offsets()
		return a.each(args, n, sel, out, false, func(r int) error {
			set.Clear()
			i := a.at(0)
			for e := o[i]; e < o[i+1]; e++ {
				if !list.IsNull(int(e)) {
					set.Add(uint32(column.Values[int32](list)[e]))
				}
			}
			views[r] = out.Hold(column.BitsetBytes(set))
			return nil
		})
	}, nil
}

func compileBitmapToArray(c *Call) (Kernel, error) {
	a, set := newRowArgs(c), roaring.New()
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		return appendRows(a, args, n, sel, out, func() (bool, error) {
			if a.null(0) {
				return true, nil
			}
			if err := column.ReadBitset(set, a.text(0)); err != nil {
				return true, err
			}
			for i := set.Iterator(); i.HasNext(); {
				column.Append(out.Children[0], int32(i.Next()))
			}
			return false, nil
		})
	}, nil
}

func compileBitmapCardinality(c *Call) (Kernel, error) {
	a, set := newRowArgs(c), roaring.New()
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		out.Resize(n)
		return a.each(args, n, sel, out, false, func(r int) error {
			err := column.ReadBitset(set, a.text(0))
			column.Values[int64](out)[r] = int64(set.GetCardinality())
			return err
		})
	}, nil
}
