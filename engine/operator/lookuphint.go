package operator

import (
	"fmt"
	"strings"
	"time"

	"github.com/millstream/millstream/setting"
)

// lookupHint is what the hint LOOKUP says, with Flink's keys.
type lookupHint struct {
	async    bool
	mode     string        // "ordered" or "allow_unordered"; "": as the job's settings say
	capacity int           // requests at a time; 0: as the job's settings say
	timeout  time.Duration // of a request; 0: none, or as the job's settings say
	attempts int           // for a key that has no rows; 0: one
	delay    time.Duration // between two of them
}

// maxRequests is the most requests at a time, whatever a hint says.
const maxRequests = 1000

func readLookupHint(hint map[string]string) (lookupHint, error) {
	var h lookupHint
	bad := func(key, want string) error {
		return fmt.Errorf("the hint LOOKUP has '%s' = '%s', want %s", key, hint[key], want)
	}
	for key, text := range hint {
		var err error
		switch key {
		case "async":
			h.async = strings.EqualFold(text, "true")
			if !h.async && !strings.EqualFold(text, "false") {
				return h, bad(key, "true or false")
			}
		case "capacity":
			if _, err = fmt.Sscan(text, &h.capacity); err != nil || h.capacity <= 0 {
				return h, bad(key, "a number greater than 0")
			}
		case "timeout":
			if h.timeout, err = setting.ParseDuration(text); err != nil {
				return h, bad(key, "a duration such as 10s")
			}
		case "output-mode":
			if h.mode = strings.ToLower(text); h.mode != "ordered" && h.mode != "allow_unordered" {
				return h, bad(key, "ordered or allow_unordered")
			}
		case "retry-predicate":
			if text != "lookup_miss" {
				return h, bad(key, "lookup_miss")
			}
		case "retry-strategy":
			if text != "fixed_delay" {
				return h, bad(key, "fixed_delay")
			}
		case "fixed-delay":
			if h.delay, err = setting.ParseDuration(text); err != nil {
				return h, bad(key, "a duration such as 10s")
			}
		case "max-attempts":
			if _, err = fmt.Sscan(text, &h.attempts); err != nil || h.attempts <= 0 {
				return h, bad(key, "a number greater than 0")
			}
			h.attempts++ // the first lookup is no attempt
		}
	}
	return h, nil
}
