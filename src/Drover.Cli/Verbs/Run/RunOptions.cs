using System.CommandLine;
using Drover.Cli.Client;
using Drover.Jobs;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs.Run;

/// <summary>The options that <c>run</c> and <c>script</c> share.</summary>
internal sealed class RunOptions
{
    private readonly Option<string[]> _on = new("--on") { Description = "a server by name or id; more than once, or comma separated, for several", HelpName = "SERVER", CompletionSources = { Completion.Servers } };
    private readonly Option<string[]> _tag = new("--tag") { Description = "every active server with this tag; may be given more than once", HelpName = "TAG", CompletionSources = { Completion.Tags } };
    private readonly Option<bool> _local = new("--local") { Description = "the machine on which Drover runs; the default" };
    private readonly Option<int?> _priority = new("--priority", "-p") { Description = "1 (first) to 10 (last); 5 if not given", HelpName = "N" };
    private readonly Option<string?> _timeout = new("--timeout", "-t") { Description = "how long an attempt may run, such as 30s or 5m; 0 for no limit", HelpName = "DURATION" };
    private readonly Option<int?> _retries = new("--retries") { Description = "how often a failed attempt is tried again; 0 if not given", HelpName = "N" };
    private readonly Option<string?> _queue = new("--queue", "-q") { Description = "the queue it waits in", HelpName = "QUEUE", CompletionSources = { Completion.Queues } };
    private readonly Option<string?> _name = new("--name", "-n") { Description = "a name for people", HelpName = "NAME" };
    private readonly Option<string?> _delay = new("--delay") { Description = "not before this long from now, such as 10m", HelpName = "DURATION" };
    private readonly Option<string?> _at = new("--at") { Description = "not before this time, such as 02:00 or 2027-01-31T02:00:00Z", HelpName = "TIME" };
    private readonly Option<Guid?> _after = new("--after") { Description = "only when this job has completed; --delay counts from then", HelpName = "JOB" };
    private readonly Option<Guid?> _afterBatch = new("--after-batch") { Description = "only when all jobs of this batch have completed", HelpName = "BATCH" };
    private readonly Option<bool> _always = new("--always") { Description = "with --after: however it ends" };
    private readonly Option<string?> _unique = new("--unique") { Description = "not while another job with this key is not finished", HelpName = "KEY" };
    private readonly Option<string?> _conflict = new("--on-conflict") { Description = "with --unique: skip (the default), replace the one that waits, or debounce it by --delay", HelpName = "WORD" };
    private readonly Option<string?> _window = new("--unique-window") { Description = "with --unique: one job in each window of this length, such as 1h, whatever became of it", HelpName = "DURATION" };
    private readonly Option<string[]> _env = new("--env", "-e") { Description = "an environment variable; may be given more than once", HelpName = "NAME=VALUE" };
    private readonly Option<string?> _directory = new("--cwd") { Description = "the directory to run in; else the user's own", HelpName = "DIR" };
    private readonly Option<string[]> _jobTag = new("--job-tag") { Description = "a word to find the job by; may be given more than once", HelpName = "WORD" };
    private readonly Option<string[]> _label = new("--label") { Description = "a label that the worker must carry; may be given more than once", HelpName = "LABEL" };
    private readonly Option<bool> _stdin = new("--stdin") { Description = "hand this program's standard input, text up to 8 MB, to the job" };
    private readonly Option<bool> _pty = new("--pty") { Description = "give it a terminal; stdout and stderr become one stream" };
    private readonly Option<bool> _unbuffered = new("--unbuffered") { Description = "ask programs that buffer when piped not to" };
    private readonly Option<string?> _shell = new("--shell") { Description = "the interpreter, such as /bin/bash", HelpName = "SHELL" };
    private readonly Option<bool> _detach = new("--detach", "-d") { Description = "print the job's id and leave it to run" };

    public IEnumerable<Option> All =>
        [_on, _tag, _local, _priority, _timeout, _retries, _queue, _name, _delay, _at, _after, _afterBatch, _always, _unique, _conflict, _window, _env, _directory, _jobTag, _label, _stdin, _pty, _unbuffered, _shell, _detach];

    /// <summary>Those that make sense for a job that is enqueued again and again.</summary>
    public IEnumerable<Option> ForSchedules => All.Except([_delay, _at, _after, _afterBatch, _always, _conflict, _window, _stdin, _detach]);

    public bool Detach(ParseResult parsed) => parsed.GetValue(_detach);

    public IReadOnlyList<string> Servers(ParseResult parsed) => [.. parsed.Names(_on), .. parsed.GetValue(_local) ? ["local"] : Array.Empty<string>()];

    public IReadOnlyList<string> Tags(ParseResult parsed) => parsed.Names(_tag);

    public bool TakesInput(ParseResult parsed) => parsed.GetValue(_stdin);

    /// <summary>The job as far as the options tell.</summary>
    /// <exception cref="UsageException">An option makes no sense.</exception>
    public JobBulkRequest Read(ParseResult parsed) => new()
    {
        Name = parsed.GetValue(_name),
        Queue = parsed.GetValue(_queue),
        Priority = parsed.GetValue(_priority),
        Timeout = parsed.Seconds(_timeout),
        MaxAttempts = parsed.GetValue(_retries) is { } retries ? retries + 1 : null,
        Delay = parsed.Seconds(_delay),
        RunAt = parsed.Future(_at),
        After = After(parsed),
        UniqueKey = parsed.GetValue(_unique),
        Unique = Unique(parsed),
        Env = Environment(parsed),
        WorkingDir = parsed.GetValue(_directory),
        Tags = parsed.Words(_jobTag),
        WorkerLabels = parsed.Words(_label),
        Pty = parsed.GetValue(_pty) ? true : null,
        Unbuffered = parsed.GetValue(_unbuffered) ? true : null,
        Shell = parsed.GetValue(_shell),
    };

    private UniqueBody? Unique(ParseResult parsed)
    {
        var (conflict, window) = (parsed.GetValue(_conflict), parsed.Seconds(_window));
        if (parsed.GetValue(_unique) is null)
            return conflict is null && window is null ? null : throw new UsageException("--on-conflict and --unique-window go with --unique.");
        UniqueConflict? word = conflict switch
        {
            null => null,
            "skip" => UniqueConflict.Skip,
            "replace" => UniqueConflict.Replace,
            "debounce" => UniqueConflict.Debounce,
            _ => throw new UsageException($"--on-conflict must be skip, replace or debounce, not '{conflict}'."),
        };
        return word is null && window is null ? null : new() { OnConflict = word, Window = window };
    }

    private AfterBody? After(ParseResult parsed)
    {
        var (job, batch, always) = (parsed.GetValue(_after), parsed.GetValue(_afterBatch), parsed.GetValue(_always));
        if (job is not null && batch is not null)
            throw new UsageException("Give --after or --after-batch, not both.");
        if (job is null && batch is null)
            return always ? throw new UsageException("--always says how --after or --after-batch must have ended: give one of them.") : null;
        return new() { JobId = job, BatchId = batch, On = always ? AfterOutcome.Always : null };
    }

    private Dictionary<string, string>? Environment(ParseResult parsed)
    {
        if (parsed.GetValue(_env) is not { Length: > 0 } pairs)
            return null;
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string pair in pairs)
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
                throw new UsageException($"--env must be NAME=VALUE, not '{pair}'.");
            variables[pair[..equals]] = pair[(equals + 1)..];
        }

        return variables;
    }
}
