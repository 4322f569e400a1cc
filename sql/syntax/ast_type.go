package syntax

// TypeName is a type as it is written. Name is in upper case and one of
//
//	BOOLEAN TINYINT SMALLINT INT BIGINT FLOAT DOUBLE DECIMAL CHAR VARCHAR BINARY VARBINARY
//	DATE TIME TIMESTAMP TIMESTAMP_LTZ INTERVAL VARIANT BITMAP
//	STRING BYTES ARRAY MAP MULTISET ROW RAW STRUCTURED REAL
//
// for the built-in types, whose synonyms (INTEGER, DEC, NUMERIC, DOUBLE PRECISION, CHAR VARYING, TIMESTAMP WITH
// LOCAL TIME ZONE, …) are replaced by these. Any other name, such as that of a user's type, has UserType set.
type TypeName struct {
	Span
	Name     string
	UserType *Name          // set if the name is not built in; Name is empty then
	Params   []int          // length, or precision and scale, as far as given
	Elem     *TypeName      // of ARRAY and MULTISET, and the value of MAP
	Key      *TypeName      // of MAP
	Fields   []TypeField    // of ROW and STRUCTURED
	Units    *IntervalUnits // of INTERVAL
	Class    string         // of RAW and STRUCTURED: the class name
	Snapshot string         // of RAW: the serializer's snapshot
	Null     Nullability
}

// Nullability is what is written behind a type.
type Nullability uint8

// The nullabilities.
const (
	NullUnset    Nullability = iota // nothing: nullable
	NullExplicit                    // NULL
	NotNull                         // NOT NULL
)

// TypeField is a field of a ROW type: Name Type ['comment'].
type TypeField struct {
	Span
	Name    Ident
	Type    *TypeName
	Comment *Literal
}
