package ofauth

// The settings of a client and how they reach the library, which checks them.

// #include "shim.h"
import "C"

import (
	"fmt"
	"time"
)

// LogLevel is how important a log line is: the lower, the more important.
type LogLevel int32

// The levels of log lines.
const (
	LogError LogLevel = C.OFAUTH_LOG_ERROR
	LogWarn  LogLevel = C.OFAUTH_LOG_WARN
	LogInfo  LogLevel = C.OFAUTH_LOG_INFO
	LogDebug LogLevel = C.OFAUTH_LOG_DEBUG
	LogTrace LogLevel = C.OFAUTH_LOG_TRACE
)

// String is the level in lower case.
func (l LogLevel) String() string {
	switch l {
	case LogError:
		return "error"
	case LogWarn:
		return "warn"
	case LogInfo:
		return "info"
	case LogDebug:
		return "debug"
	case LogTrace:
		return "trace"
	}
	return fmt.Sprintf("level %d", int32(l))
}

// Config is how a client is set up. Only the key is needed; every other zero value stands for the default that its
// comment names.
type Config struct {
	// APIKey is the key of the OFAuth account. It goes to one server, the one of BaseURL, and into no error or log line.
	APIKey string
	// BaseURL is where the API is. Default: https://api.ofauth.com. Plain http goes to this machine only, unless
	// AllowPlainHTTP is set.
	BaseURL string
	// ConnectionID is the connection that calls act on, such as conn_abc123. Default: none, and every call that needs
	// one has to name it.
	ConnectionID string
	// WorkerThreads is how many threads of the library do the client's network work, 1 to 64. Default: 2.
	WorkerThreads int
	// Concurrency is how many parts of an upload go in parallel, 1 to 64. Default: 4.
	Concurrency int
	// BandwidthLimit is the most bytes per second that all uploads of the client send together. Default: no limit.
	BandwidthLimit int64
	// JournalDir is a directory in which uploads are written down, so that one that was interrupted goes on when the same
	// upload is run again, in this process or another. See [Client.Upload]. Default: none.
	JournalDir string
	// RequestLimit paces the requests on each connection by a limit that is known beforehand. Default: it is learned.
	RequestLimit RateLimit
	// RateStateDir is a directory in which the processes of a machine share what they know of rate limits. Default: none.
	RateStateDir string
	// CAPEM holds certificates in PEM that are trusted instead of the system's. Default: the system's.
	CAPEM string
	// Proxy is an HTTP proxy, http://[user:password@]host:port. Default: none; no environment variable is read.
	Proxy string
	// ConnectTimeout is how long connecting may take. Default: 10 s. This and the next two are rounded up to
	// milliseconds.
	ConnectTimeout time.Duration
	// StallTimeout is how long an upload may go without a byte accepted. Default: 60 s.
	StallTimeout time.Duration
	// AnswerTimeout is how long an answer may take once its request was sent. Default: 120 s.
	AnswerTimeout time.Duration
	// UserAgent is what the client calls itself. Default: the library's name and version.
	UserAgent string
	// AllowOrigins are further servers that upload plans may send data and the key to, such as
	// https://uploads.example.com. Default: none.
	AllowOrigins []string
	// AllowPlainHTTP lets a BaseURL of another machine be http://: key and data then travel readable.
	AllowPlainHTTP bool
	// Log receives the client's log lines. They come while calls run, one at a time for one call, but from several calls
	// at once, and a call may hand over lines of another; it waits until Log returns. A panic in Log comes out of that
	// call, or ends the program if nobody waits for it any more. Default: no log.
	Log func(level LogLevel, message string)
	// LogLevel is the least important level that Log receives. Default: LogInfo.
	LogLevel LogLevel
}

// RateLimit is a limit of requests. Both numbers are needed; the zero value is none.
type RateLimit struct {
	// PerMinute is how many requests a minute go out in the long run.
	PerMinute int
	// Burst is how many go out at once after a pause.
	Burst int
}

// Format writes a Config for people, without the key and the credentials of the proxy, whatever the verb.
func (c Config) Format(state fmt.State, _ rune) {
	fmt.Fprintf(state, "ofauth.Config{BaseURL: %q, ConnectionID: %q}", c.BaseURL, c.ConnectionID)
}

// make gives the config to the library. The caller frees what it returns.
func (c Config) make(m *memory) (*C.ofauth_config, error) {
	key, err := m.text("the API key", c.APIKey)
	if err != nil {
		return nil, err
	}
	var made *C.ofauth_config
	err = attempt(func(err **C.ofauth_error) C.ofauth_status { return C.ofauth_config_new(key, &made, err) })
	if err != nil {
		return nil, err
	}
	if err := c.set(made, m); err != nil {
		C.ofauth_config_free(made)
		return nil, err
	}
	return made, nil
}

func (c Config) set(into *C.ofauth_config, m *memory) error {
	for _, set := range []func(*C.ofauth_config, *memory) error{
		c.setTexts, c.setNumbers, c.setRequestLimit, c.setTimeouts, c.setOrigins, c.setLog,
	} {
		if err := set(into, m); err != nil {
			return err
		}
	}
	return nil
}

func (c Config) setTexts(into *C.ofauth_config, m *memory) error {
	for _, setting := range []struct {
		what, text string
		set        func(*C.char, **C.ofauth_error) C.ofauth_status
	}{
		{"the base URL", c.BaseURL, func(text *C.char, err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_config_set_base_url(into, text, err)
		}},
		{"the connection id", c.ConnectionID, func(text *C.char, err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_config_set_connection_id(into, text, err)
		}},
		{"the journal directory", c.JournalDir, func(text *C.char, err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_config_set_journal_dir(into, text, err)
		}},
		{"the directory of rate limits", c.RateStateDir, func(text *C.char, err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_config_set_rate_state_dir(into, text, err)
		}},
		{"the text of certificates", c.CAPEM, func(text *C.char, err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_config_set_ca_pem(into, text, err)
		}},
		{"the proxy", c.Proxy, func(text *C.char, err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_config_set_proxy(into, text, err)
		}},
		{"the user agent", c.UserAgent, func(text *C.char, err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_config_set_user_agent(into, text, err)
		}},
	} {
		text, err := m.textOrNil(setting.what, setting.text)
		if err != nil {
			return err
		}
		if text == nil {
			continue
		}
		err = attempt(func(err **C.ofauth_error) C.ofauth_status { return setting.set(text, err) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (c Config) setNumbers(into *C.ofauth_config, _ *memory) error {
	threads, err := toUint32("the number of worker threads", c.WorkerThreads)
	if err != nil {
		return err
	}
	parts, err := toUint32("the concurrency", c.Concurrency)
	if err != nil {
		return err
	}
	rate, err := toUint64("the bandwidth limit", c.BandwidthLimit)
	if err != nil {
		return err
	}
	return attempt(func(err **C.ofauth_error) C.ofauth_status {
		status := C.ofauth_status(C.OFAUTH_OK)
		if threads != 0 {
			status = C.ofauth_config_set_worker_threads(into, threads, err)
		}
		if status == C.OFAUTH_OK && parts != 0 {
			status = C.ofauth_config_set_concurrency(into, parts, err)
		}
		if status == C.OFAUTH_OK && rate != 0 {
			status = C.ofauth_config_set_bandwidth_limit(into, rate, err)
		}
		return status
	})
}

func (c Config) setRequestLimit(into *C.ofauth_config, _ *memory) error {
	if c.RequestLimit == (RateLimit{}) {
		return nil
	}
	perMinute, err := toUint32("the requests per minute", c.RequestLimit.PerMinute)
	if err != nil {
		return err
	}
	burst, err := toUint32("the burst of requests", c.RequestLimit.Burst)
	if err != nil {
		return err
	}
	return attempt(func(err **C.ofauth_error) C.ofauth_status {
		return C.ofauth_config_set_request_limit(into, perMinute, burst, err)
	})
}

func (c Config) setTimeouts(into *C.ofauth_config, _ *memory) error {
	for _, timeout := range []struct {
		what string
		time time.Duration
		set  func(milliseconds C.uint64_t, err **C.ofauth_error) C.ofauth_status
	}{
		{"the connect timeout", c.ConnectTimeout, func(ms C.uint64_t, err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_config_set_connect_timeout(into, ms, err)
		}},
		{"the stall timeout", c.StallTimeout, func(ms C.uint64_t, err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_config_set_stall_timeout(into, ms, err)
		}},
		{"the answer timeout", c.AnswerTimeout, func(ms C.uint64_t, err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_config_set_answer_timeout(into, ms, err)
		}},
	} {
		milliseconds, err := toMilliseconds(timeout.what, timeout.time)
		if err != nil {
			return err
		}
		err = attempt(func(err **C.ofauth_error) C.ofauth_status { return timeout.set(milliseconds, err) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (c Config) setOrigins(into *C.ofauth_config, m *memory) error {
	for _, origin := range c.AllowOrigins {
		text, err := m.text("an allowed origin", origin)
		if err != nil {
			return err
		}
		err = attempt(func(err **C.ofauth_error) C.ofauth_status {
			return C.ofauth_config_allow_origin(into, text, err)
		})
		if err != nil {
			return err
		}
	}
	var allow C.int
	if c.AllowPlainHTTP {
		allow = 1
	}
	return attempt(func(err **C.ofauth_error) C.ofauth_status {
		return C.ofauth_config_allow_plain_http(into, allow, err)
	})
}

func (c Config) setLog(into *C.ofauth_config, _ *memory) error {
	if c.Log == nil {
		return nil
	}
	level := c.LogLevel
	if level == 0 {
		level = LogInfo
	}
	return attempt(func(err **C.ofauth_error) C.ofauth_status {
		return C.ofauthgo_config_set_log(into, C.int32_t(level), err)
	})
}
