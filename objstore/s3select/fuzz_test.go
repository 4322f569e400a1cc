package s3select

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Whatever a request says, it is answered or refused.
func FuzzSelect(f *testing.F) {
	for _, sql := range []string{
		"SELECT * FROM S3Object", "SELECT s._1, \"a\" AS b FROM S3Object[*].x[*] s WHERE s._2 > -1.5e3 AND NOT s._1 LIKE 'a!_%' ESCAPE '!' LIMIT 5",
		"SELECT COUNT(*), MAX(s._1) FROM S3Object s", "SELECT CASE s._1 WHEN 1 THEN TRIM(BOTH 'x' FROM s._2) ELSE SUBSTRING(s._1 FROM 1 FOR 2) END FROM S3Object s",
		"SELECT DATE_ADD(day, s._1, `2020-01-01T`), TO_STRING(UTCNOW(), 'yyyy''x''MMMMM') FROM S3Object s", "SELECT s.a[0]['b'].c || 'x' FROM S3Object s -- end",
	} {
		f.Add(sql, "1,\"a\nb\",{\"a\":[1]}\n{\"a\":[{\"b\":1}]}\n", byte(0))
		f.Add(sql, "{\"a\":[1,\"\\u00e9\"]} [1,{}] 5", byte(1))
		f.Add(sql, "{\"a\":[1,\"\\u00e9\"]}\n5\n", byte(2))
		f.Add(sql, "a,,b", byte(1))
		f.Add(sql, "a,b\r\n\"1\"\"\",2", byte(3))
	}
	f.Fuzz(func(t *testing.T, sql, data string, how byte) {
		q := request{sql: sql, data: data}
		switch how % 5 {
		case 1:
			q.json = "DOCUMENT"
		case 2:
			q.json = "LINES"
		case 3:
			q.header = "USE"
		case 4:
			q.csv = &types.CSVInput{AllowQuotedRecordDelimiter: ptr(true), QuoteEscapeCharacter: ptr("\\"), Comments: ptr("#")}
		}
		if how >= 128 {
			q.out = toJSON
		}
		_, err := q.run(t)
		var refused *Error
		if err != nil && (!errors.As(err, &refused) || refused.Code == "InternalError") {
			t.Fatalf("%q: %v", sql, err)
		}
	})
}
