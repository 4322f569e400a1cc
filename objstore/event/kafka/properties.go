package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/millstream/millstream/setting"
)

// properties are those of Kafka's clients that have a meaning here; the functions turn a value into options of the library. Those without one are
// taken together.
var properties = map[string]func(text string) (kgo.Opt, error){
	"client.id": func(text string) (kgo.Opt, error) { return kgo.ClientID(text), nil },
	"fetch.max.wait.ms": func(text string) (kgo.Opt, error) {
		n, err := number(text, 1, 60_000)
		return kgo.FetchMaxWait(time.Duration(n) * time.Millisecond), err
	},
	"fetch.min.bytes": func(text string) (kgo.Opt, error) {
		n, err := number(text, 1, 1<<30)
		return kgo.FetchMinBytes(int32(n)), err //nolint:gosec // in its range
	},
	"isolation.level": func(text string) (kgo.Opt, error) {
		switch text {
		case "read_committed":
			return kgo.FetchIsolationLevel(kgo.ReadCommitted()), nil
		case "read_uncommitted":
			return kgo.FetchIsolationLevel(kgo.ReadUncommitted()), nil
		}
		return nil, errors.New("valid are 'read_committed' and 'read_uncommitted'")
	},
	"security.protocol": nil, "sasl.mechanism": nil, "sasl.jaas.config": nil, "sasl.username": nil, "sasl.password": nil,
	"ssl.truststore.location": nil, "ssl.truststore.type": nil, "ssl.keystore.location": nil, "ssl.keystore.type": nil,
}

func propertyNames() []string {
	return slices.Sorted(maps.Keys(properties))
}

func number(text string, low, high int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return low, fmt.Errorf("valid are integers from %d to %d", low, high)
	}
	return n, nil
}

// clientOptions turns the properties into options of the library.
func clientOptions(v setting.Values) ([]kgo.Opt, error) {
	given := map[string]string{}
	opts := []kgo.Opt{kgo.ClientID("millstream"), kgo.FetchIsolationLevel(kgo.ReadCommitted())}
	for name, text := range v.Prefixed(propertiesOption) {
		one, known := properties[name]
		switch {
		case !known:
			return nil, fmt.Errorf("'%s%s' has no meaning here: valid are %s", propertiesOption.Key, name, strings.Join(propertyNames(), ", "))
		case one == nil:
			given[name] = text
		default:
			o, err := one(text)
			if err != nil {
				return nil, fmt.Errorf("'%s%s' = '%s': %w", propertiesOption.Key, name, text, err)
			}
			opts = append(opts, o)
		}
	}
	more, err := security(given)
	if err != nil {
		return nil, err
	}
	return append(opts, more...), nil
}

// security reads the properties of TLS and of authentication.
func security(given map[string]string) ([]kgo.Opt, error) {
	protocol := given["security.protocol"]
	if protocol == "" {
		protocol = "PLAINTEXT"
	}
	if !slices.Contains([]string{"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}, protocol) {
		return nil, fmt.Errorf("'%ssecurity.protocol' = '%s': valid are PLAINTEXT, SSL, SASL_PLAINTEXT and SASL_SSL", propertiesOption.Key, protocol)
	}
	var opts []kgo.Opt
	if strings.HasSuffix(protocol, "SSL") {
		t, err := tlsConfig(given)
		if err != nil {
			return nil, err
		}
		opts = append(opts, kgo.DialTLSConfig(t))
	}
	if !strings.HasPrefix(protocol, "SASL_") {
		for name := range given {
			if strings.HasPrefix(name, "sasl.") {
				return nil, fmt.Errorf("'%s%s' has no effect unless '%ssecurity.protocol' is SASL_PLAINTEXT or SASL_SSL", propertiesOption.Key, name, propertiesOption.Key)
			}
		}
		return opts, nil
	}
	user, password := given["sasl.username"], given["sasl.password"]
	if jaas := given["sasl.jaas.config"]; jaas != "" {
		user, password = jaasValue(jaas, "username"), jaasValue(jaas, "password")
	}
	if user == "" || password == "" {
		return nil, fmt.Errorf("'%ssecurity.protocol' = '%s' needs a user and a password: in '%ssasl.jaas.config', or as '%ssasl.username' and '%ssasl.password'",
			propertiesOption.Key, protocol, propertiesOption.Key, propertiesOption.Key, propertiesOption.Key)
	}
	switch mechanism := given["sasl.mechanism"]; mechanism {
	case "PLAIN", "":
		opts = append(opts, kgo.SASL(plain.Auth{User: user, Pass: password}.AsMechanism()))
	case "SCRAM-SHA-256":
		opts = append(opts, kgo.SASL(scram.Auth{User: user, Pass: password}.AsSha256Mechanism()))
	case "SCRAM-SHA-512":
		opts = append(opts, kgo.SASL(scram.Auth{User: user, Pass: password}.AsSha512Mechanism()))
	default:
		return nil, fmt.Errorf("'%ssasl.mechanism' = '%s': valid are PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512", propertiesOption.Key, mechanism)
	}
	return opts, nil
}

// jaasValue reads name="value" of a line of Java's login configuration.
func jaasValue(line, name string) string {
	m := regexp.MustCompile(`\b` + name + `\s*=\s*"((?:[^"\\]|\\.)*)"`).FindStringSubmatch(line)
	if m == nil {
		return ""
	}
	return regexp.MustCompile(`\\(.)`).ReplaceAllString(m[1], "$1")
}

func tlsConfig(given map[string]string) (*tls.Config, error) {
	for _, store := range []string{"ssl.truststore", "ssl.keystore"} {
		if kind := given[store+".type"]; kind != "" && kind != "PEM" || given[store+".location"] != "" && kind != "PEM" {
			return nil, fmt.Errorf("'%s%s.location' is read as PEM only: set '%s%s.type' = 'PEM' and convert the file", propertiesOption.Key, store, propertiesOption.Key, store)
		}
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if path := given["ssl.truststore.location"]; path != "" {
		pem, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("'%sssl.truststore.location': %w", propertiesOption.Key, err)
		}
		if t.RootCAs = x509.NewCertPool(); !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("'%sssl.truststore.location': %s holds no certificate in PEM form", propertiesOption.Key, path)
		}
	}
	if path := given["ssl.keystore.location"]; path != "" {
		pair, err := tls.LoadX509KeyPair(path, path)
		if err != nil {
			return nil, fmt.Errorf("'%sssl.keystore.location': %s: %w", propertiesOption.Key, path, err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}
