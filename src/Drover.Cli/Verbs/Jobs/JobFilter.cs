using System.CommandLine;
using System.Globalization;
using Drover.Cli.Client;
using Drover.Jobs;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs.Jobs;

/// <summary>The options that say which jobs.</summary>
internal sealed class JobFilter
{
    private static readonly string[] Statuses = [.. Enum.GetValues<JobStatus>().Select(status => status.Name())];
    private static readonly string[] Kinds = [.. Enum.GetNames<JobKind>().Select(kind => kind.ToLowerInvariant())];

    private readonly Option<string[]> _status = new("--status", "-s") { Description = "in this status; may be given more than once, or comma separated", HelpName = "STATUS", CompletionSources = { Statuses } };
    private readonly Option<string?> _server = new("--server") { Description = "on this server", HelpName = "SERVER", CompletionSources = { Completion.Servers } };
    private readonly Option<string?> _queue = new("--queue", "-q") { Description = "in this queue", HelpName = "QUEUE", CompletionSources = { Completion.Queues } };
    private readonly Option<string?> _tag = new("--tag") { Description = "with this tag", HelpName = "WORD" };
    private readonly Option<string?> _kind = new("--kind") { Description = "of this kind: command, script or task", HelpName = "KIND", CompletionSources = { Kinds } };
    private readonly Option<string?> _type = new("--type") { Description = "tasks of this type", HelpName = "TYPE" };
    private readonly Option<int?> _priority = new("--priority", "-p") { Description = "with this priority", HelpName = "N" };
    private readonly Option<string?> _since = new("--since") { Description = "submitted since then: a time, or how long ago, such as 2h", HelpName = "TIME" };
    private readonly Option<string?> _until = new("--until") { Description = "submitted before then", HelpName = "TIME" };
    private readonly Option<string?> _text = new("--text") { Description = "with this text in the command, script, name or error", HelpName = "TEXT" };

    public IEnumerable<Option> All => [_status, _server, _queue, _tag, _kind, _type, _priority, _since, _until, _text];

    /// <summary>The conditions; null when there is none.</summary>
    public async Task<JobFilterBody?> ReadAsync(ParseResult parsed, Call call)
    {
        var filter = new JobFilterBody
        {
            Status = [.. parsed.Names(_status).Select(StatusOf)],
            ServerId = parsed.GetValue(_server) is { } server ? (await Resolve.ServerAsync(call, server)).Id : null,
            Queue = parsed.GetValue(_queue),
            Tag = parsed.GetValue(_tag),
            Kind = parsed.GetValue(_kind) is { } kind ? KindOf(kind) : null,
            JobType = parsed.GetValue(_type),
            Priority = parsed.GetValue(_priority),
            CreatedAfter = parsed.Past(_since),
            CreatedBefore = parsed.Past(_until),
            Q = parsed.GetValue(_text),
        };
        filter = filter.Status!.Count > 0 ? filter : filter with { Status = null };
        return filter == new JobFilterBody() ? null : filter;
    }

    /// <summary>The conditions as the query of a GET, each with <c>&amp;</c> before it.</summary>
    public static string Query(JobFilterBody? filter)
    {
        if (filter is null)
            return "";
        return string.Concat((filter.Status ?? []).Select(status => Pair("status", status.Name())))
            + Pair("server_id", filter.ServerId) + Pair("queue", filter.Queue) + Pair("tag", filter.Tag)
            + Pair("kind", filter.Kind?.ToString().ToLowerInvariant()) + Pair("job_type", filter.JobType)
            + Pair("priority", filter.Priority?.ToString(CultureInfo.InvariantCulture))
            + Pair("created_after", Time(filter.CreatedAfter)) + Pair("created_before", Time(filter.CreatedBefore)) + Pair("q", filter.Q);
    }

    public static string Pair(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";

    private static string? Time(DateTimeOffset? time) => time?.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static JobStatus StatusOf(string text) => Enum.GetValues<JobStatus>().Cast<JobStatus?>().FirstOrDefault(status => status!.Value.Name() == text)
        ?? throw new UsageException($"--status must be one of {string.Join(", ", Statuses)}, not '{text}'.{Nearest.Hint(text, Statuses)}");

    private static JobKind KindOf(string text) => Enum.TryParse<JobKind>(text, ignoreCase: true, out var kind) && Kinds.Contains(text) ? kind
        : throw new UsageException($"--kind must be command, script or task, not '{text}'.");
}
