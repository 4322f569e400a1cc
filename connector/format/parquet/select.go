package parquet

import (
	"context"

	"github.com/parquet-go/parquet-go"
	pq "github.com/parquet-go/parquet-go/format"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
)

// selectsAlike looks whether stores give the projected columns by SelectObjectContent as they are read here: plain columns at the top, of the very type. Decimals, times of day,
// timestamps and numbers without a sign some stores take for the integers that hold them, or compute out of range.
func selectsAlike(ctx context.Context, f format.File, c format.Config) (bool, error) {
	file, _, err := openFooter(ctx, f)
	if err != nil {
		return false, err
	}
	alike := true
	err = guard(func() error {
		for _, p := range c.Project {
			want := c.Columns[p]
			col := file.Root().Column(want.Name)
			alike = alike && col != nil && col.Leaf() && !col.Repeated() && len(col.Path()) == 1 && selectedAs(col.Type(), want.Type)
		}
		return nil
	})
	return alike, err
}

// selectedAs reports whether a store gives values of the file's type as those of t.
func selectedAs(p parquet.Type, t column.Type) bool {
	var logical any
	if l := p.LogicalType(); l != nil {
		logical = l.Value
	}
	plain := logical == nil && p.ConvertedType() == nil
	switch t.Kind {
	case column.Boolean:
		return p.Kind() == parquet.Boolean
	case column.TinyInt, column.SmallInt, column.Int, column.BigInt:
		i, ok := logical.(*pq.IntType)
		return (p.Kind() == parquet.Int32 || p.Kind() == parquet.Int64 && t.Kind == column.BigInt) && (plain || ok && i.IsSigned)
	case column.Float:
		return plain && p.Kind() == parquet.Float
	case column.Double:
		return plain && (p.Kind() == parquet.Double || p.Kind() == parquet.Float)
	case column.Date:
		_, ok := logical.(*pq.DateType)
		return ok && p.Kind() == parquet.Int32
	case column.VarChar:
		_, ok := logical.(*pq.StringType)
		return ok && p.Kind() == parquet.ByteArray
	}
	return false
}
