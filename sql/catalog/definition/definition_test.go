package definition

import (
	"bytes"
	"testing"

	"github.com/millstream/millstream/sql/bind"
	"github.com/millstream/millstream/sql/catalog"
)

var name = catalog.Path{Catalog: "c", Database: "d", Object: "o"}

// Whatever can be decoded is written so that it is read again as the same; nothing makes decoding panic.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"version":1,"kind":"table","comment":"x","columns":[{"name":"a","type":"ROW<` + "`x`" + ` INT 'in'> NOT NULL","comment":""},{"name":"b","type":"STRING","kind":"metadata","key":"k","virtual":true},
			{"name":"c","type":"INT","kind":"computed","expression":"a.x + 1"},{"name":"t","type":"TIMESTAMP(3)","time":"rowtime"}],"watermark":{"column":"t","expression":"t - INTERVAL '1' SECOND"},
			"primaryKey":{"name":"pk","columns":["a"]},"partitionedBy":["b"],"distribution":{"kind":"hash","columns":["a"],"buckets":"4"},
			"partitions":[{"values":["x"],"options":{"k":"v"}}],"options":{"connector":"x"}}`,
		`{"version":1,"kind":"view","columns":[{"name":"i","type":"INTERVAL SECOND(3)"},{"name":"n","type":"MULTISET<DECIMAL(3, 1)>"}],"view":{"query":"SELECT 1","shown":"SELECT 1","catalog":"c","database":"d"}}`,
		`{"version":1,"kind":"function","function":{"class":"x","language":"JAVA","resources":["JAR 'x'"]}}`,
		`{"version":1,"kind":"model","input":[{"name":"a","type":"INT"}],"output":[{"name":"b","type":"VARIANT"}],"options":{"provider":"x"}}`,
		`{"version":2}`, `[]`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := Decode(data, name, bind.ParseType)
		if err != nil {
			return
		}
		first, err := Encode(o)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(first, name, bind.ParseType)
		if err != nil {
			t.Fatalf("%s is not read again: %v", first, err)
		}
		second, err := Encode(again)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Fatalf("%s becomes %s", first, second)
		}
	})
}
