package expr

// LocalTime reads text in the form of a pattern of Java's DateTimeFormatter, as seconds since 1970-01-01 00:00:00 in whatever zone the text is meant in.
// What the pattern leaves out is that of 1970-01-01 00:00:00; ok is false for text of another form. The error is one of the pattern.
func LocalTime(text, pattern string) (seconds int64, ok bool, err error) {
	p, err := newDatePattern(pattern, zoneless)
	if err != nil {
		return 0, false, err
	}
	seconds, _, _, ok = p.parse([]byte(text), lastDays)
	return seconds, ok, nil
}
