package setting

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // time zones by name also where the machine has no zone files
)

func checkEndpoint(text string) error {
	bad := errors.New("not an endpoint: valid are URLs such as 'http://127.0.0.1:9000', 'https://s3.example.com' or 'host:port', without user, path or query")
	full := text
	if !strings.Contains(text, "://") {
		full = "https://" + text
	}
	u, err := url.Parse(full)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.ContainsAny(text, " \"'") ||
		u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return bad
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return bad
		}
	}
	return nil
}

func checkPartSize(text string) error {
	n, err := ParseMemorySize(text)
	if err == nil && (n < 5<<20 || n > 5<<30) {
		err = errors.New("out of range: S3 takes parts of 5mb to 5gb")
	}
	return err
}

func checkLocation(text string) error {
	if scheme, _, ok := strings.Cut(text, "://"); ok && (scheme == "" || strings.ContainsAny(scheme, "/ ")) {
		return errors.New("not a location: valid are 's3://bucket/path', 'file:///path' or a path")
	}
	return nil
}

// AtLeast makes the [Option.Check] of integers that must not be less than low.
func AtLeast(low int) func(string) error {
	return func(text string) error {
		if n, err := parseInt(text); err != nil || n < low {
			return errors.New("out of range: valid are integers from " + strconv.Itoa(low))
		}
		return nil
	}
}

func between(low, high int) func(string) error {
	return func(text string) error {
		if n, err := parseInt(text); err != nil || n < low || n > high {
			return errors.New("out of range: valid are integers from " + strconv.Itoa(low) + " to " + strconv.Itoa(high))
		}
		return nil
	}
}

func numberAtLeast(low float64) func(string) error {
	return func(text string) error {
		if f, err := parseDouble(text); err != nil || f < low {
			return errors.New("out of range: valid are numbers from " + strconv.FormatFloat(low, 'g', -1, 64))
		}
		return nil
	}
}

// Zone returns the time zone that text names: 'default' for the machine's own, 'UTC', a name of the time
// zone database such as 'Europe/Berlin', or a fixed offset such as 'GMT+05:30'. As in Flink, an offset
// needs 'GMT' before it.
func Zone(text string) (*time.Location, error) {
	bad := errors.New("not a time zone: valid are 'default' (the machine's), 'UTC', names of the time zone database such as 'Europe/Berlin', and fixed offsets such as 'GMT+05:30'")
	text = strings.TrimSpace(text)
	if text == "default" {
		return time.Local, nil
	}
	if offset, ok := strings.CutPrefix(text, "GMT"); ok && offset != "" {
		sign := 1
		switch offset[0] {
		case '+':
		case '-':
			sign = -1
		default:
			return nil, bad
		}
		hourText, minuteText, hasMinutes := strings.Cut(offset[1:], ":")
		hours, errHours := strconv.ParseUint(hourText, 10, 8)
		minutes := uint64(0)
		var errMinutes error
		if hasMinutes {
			minutes, errMinutes = strconv.ParseUint(minuteText, 10, 8)
		}
		if errHours != nil || errMinutes != nil || len(hourText) > 2 || hasMinutes && len(minuteText) != 2 || minutes > 59 || hours*60+minutes > 18*60 {
			return nil, bad
		}
		return time.FixedZone(text, sign*int(hours*60+minutes)*60), nil
	}
	location, err := time.LoadLocation(text)
	if err != nil || text == "" || text == "Local" {
		return nil, bad
	}
	return location, nil
}

// checkZone is Zone as an option's check.
func checkZone(text string) error {
	_, err := Zone(text)
	return err
}
