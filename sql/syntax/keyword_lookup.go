package syntax

import "strings"

// wordFlags are the properties of a word.
type wordFlags uint8

const (
	isReserved wordFlags = 1 << iota // needs backticks to be a name
	isFunction                       // though reserved, may name a function in front of a parenthesis
	isNiladic                        // names a function that is called without parentheses
	isClause                         // begins or joins clauses: where it is in the way, something is missing before it
)

// reservedWords are reserved and have no part in the grammar: they need backticks to be a name.
const reservedWords = `
ALLOCATE ALLOW ARE ARRAY_CONCAT_AGG ARRAY_MAX_CARDINALITY ASENSITIVE ATOMIC AUTHORIZATION BEGIN_FRAME
BEGIN_PARTITION BIT BLOB CALLED CASCADED CHECK CLOB CLOSE COLLATE COMMIT CONDITION CONNECT CORRESPONDING
CURRENT_DEFAULT_TRANSFORM_GROUP CURRENT_ROW CURRENT_TRANSFORM_GROUP_FOR_TYPE CURSOR CYCLE DATETIME DEALLOCATE
DECLARE DEREF DETERMINISTIC DISALLOW DISCONNECT DOT DYNAMIC EACH END_FRAME END_PARTITION EXEC EXTEND EXTERNAL
FOREIGN FRAME_ROW FREE FRIDAY GET GLOBAL GRANT GROUPS HOLD IDENTITY IMPORT INCLUDE INDICATOR INITIAL INOUT
INSENSITIVE LARGE LIKE_REGEX MATCHES METHOD MODIFIES MONDAY NATIONAL NCHAR NCLOB NEW NO NONE NORMALIZE
OCCURRENCES_REGEX OLD OMIT OPEN OUT PARAMETER PERCENT PERIOD PORTION POSITION_REGEX PREPARE PROCEDURE QUARTERS
READS REAL REF REFERENCES REFERENCING REGR_AVGX REGR_AVGY REGR_INTERCEPT REGR_R2 REGR_SLOPE REGR_SXY RELEASE
RESULT RETURN RETURNS REVOKE ROLLBACK SAFE_CAST SATURDAY SCOPE SCROLL SEARCH SEEK SENSITIVE SEPARATOR SPECIFIC
SPECIFICTYPE SQLEXCEPTION SQLSTATE SQLWARNING START STATIC SUBSTRING_REGEX SUNDAY THURSDAY TIMEZONE_HOUR
TIMEZONE_MINUTE TRANSLATE_REGEX TRANSLATION TREAT TRIGGER TRIM_ARRAY TUESDAY VALUE_OF VERSIONING WEDNESDAY
WEEKS WHENEVER WIDTH_BUCKET`

// functionWords are reserved and name functions: they are allowed in front of a parenthesis.
const functionWords = `
ABS AVG CARDINALITY CEILING CHARACTER_LENGTH CHAR_LENGTH CLASSIFIER COALESCE COLLECT CONVERT CORR COUNT
COVAR_POP COVAR_SAMP CUME_DIST DATE_TRUNC DENSE_RANK ELEMENT EVERY EXP FIRST_VALUE FUSION GROUP_CONCAT
INTERSECTION LAG LAST_VALUE LEAD LN LOWER MATCH_NUMBER MAX MIN MOD NTH_VALUE NTILE NULLIF OCTET_LENGTH
PERCENTILE_CONT PERCENTILE_DISC PERCENT_RANK POWER PREV RANK REGR_COUNT REGR_SXX REGR_SYY ROW_NUMBER SQRT
STDDEV_POP STDDEV_SAMP STRING_AGG SUM TIMESTAMP_DIFF TIMESTAMP_TRUNC TIME_DIFF TIME_TRUNC TRANSLATE UPPER
VAR_POP VAR_SAMP`

// niladicWords are reserved and name functions that are called without parentheses.
const niladicWords = `
CURRENT_CATALOG CURRENT_DATE CURRENT_PATH CURRENT_ROLE CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP
CURRENT_USER LOCALTIME LOCALTIMESTAMP SESSION_USER SYSTEM_USER`

// wordEntry is a slot of the hash table of words.
type wordEntry struct {
	word  string // upper case; empty: free slot
	kw    keyword
	flags wordFlags
}

const (
	wordSlots  = 2048 // a power of two, about three times the number of words
	maxWordLen = 32
)

// wordTable is an open-addressing hash table, built once.
var wordTable = buildWordTable()

func buildWordTable() *[wordSlots]wordEntry {
	table := new([wordSlots]wordEntry)
	add := func(word string, kw keyword, flags wordFlags) {
		i := hashWord(word)
		for table[i].word != "" {
			i = (i + 1) % wordSlots
		}
		table[i] = wordEntry{word, kw, flags}
	}
	for kw := kwOther + 1; kw < kwCount; kw++ {
		add(keywords[kw].word, kw, keywords[kw].flags)
	}
	for _, group := range []struct {
		words string
		flags wordFlags
	}{
		{reservedWords, isReserved},
		{functionWords, isReserved | isFunction},
		{niladicWords, isReserved | isFunction | isNiladic},
	} {
		for word := range strings.FieldsSeq(group.words) {
			add(word, kwOther, group.flags)
		}
	}
	return table
}

// hashWord hashes an ASCII word without regard to case.
func hashWord(word string) uint32 {
	h := uint32(2166136261)
	for i := range len(word) {
		h = (h ^ uint32(word[i]&^0x20)) * 16777619
	}
	return (h ^ h>>15) % wordSlots
}

// lookupWord returns what the grammar knows about a word, in any case.
func lookupWord(word string) (keyword, wordFlags) {
	if len(word) > maxWordLen {
		return kwNone, 0
	}
	for i := hashWord(word); wordTable[i].word != ""; i = (i + 1) % wordSlots {
		if e := &wordTable[i]; len(e.word) == len(word) && equalFold(e.word, word) {
			return e.kw, e.flags
		}
	}
	return kwNone, 0
}

// equalFold compares an upper-case ASCII word with one in any case of the same length.
func equalFold(upper, word string) bool {
	for i := range len(word) {
		c := word[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != upper[i] {
			return false
		}
	}
	return true
}

// IsReserved tells whether a word, in any case, needs backticks to be an identifier.
func IsReserved(word string) bool {
	_, flags := lookupWord(word)
	return flags&isReserved != 0
}
