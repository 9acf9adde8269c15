using System.Globalization;
using System.Text;
using Drover.Jobs;
using Drover.Postgres.Engine;
using Drover.Storage;
using Npgsql;

namespace Drover.Postgres.Jobs;

/// <summary>A part of a list that one index has in order; a list is its parts one after the other.</summary>
/// <param name="From">The tables.</param>
/// <param name="Order">The order.</param>
/// <param name="Priority">Only jobs of this priority; null for all.</param>
/// <param name="Major">The first half of a job's place.</param>
/// <param name="After">Adds what is behind the cursor.</param>
internal sealed record ListPart(string From, string Order, int? Priority, Func<Job, long> Major, Action<FilterSql> After)
{
    private const long Unfinished = -1;

    /// <summary>
    /// Conditions one of which each of its jobs meets, and for each of which an index has the order: the server does not
    /// merge two indexes by itself.
    /// </summary>
    public IReadOnlyList<string> Halves { get; private init; } = ["true"];

    public static IEnumerable<ListPart> Of(JobSort sort, JobFilter filter, ListPlace? after)
    {
        string from = FromOf(filter);
        switch (sort)
        {
            case JobSort.CreatedAscending:
                yield return new(from, "j.seq", null, _ => 0, w => w.AddPlace("j.seq >", after?.Seq));
                break;
            case JobSort.CreatedDescending:
                yield return new(from, "j.seq DESC", null, _ => 0, w => w.AddPlace("j.seq <", after?.Seq));
                break;
            case JobSort.Priority:
                for (int priority = filter.Priority ?? 1; priority <= (filter.Priority ?? 10); priority++)
                {
                    int mine = priority;
                    if (mine >= (after?.Major ?? 1))
                        yield return new(from, "j.seq", mine, _ => mine, w => w.AddPlace("j.seq >", after is { } a && a.Major == mine ? a.Seq : null));
                }

                break;
            default:
                if (after is not { Major: Unfinished })
                {
                    yield return new(States.Finished, "s.finished_at DESC, s.seq DESC", null, j => j.FinishedAt!.Value.UtcTicks, w =>
                    {
                        if (after is { } a)
                            w.AddPlace(string.Create(CultureInfo.InvariantCulture, $"s.finished_at <= {a.Major} AND (s.finished_at, s.seq) < ({a.Major}, {a.Seq}) AND j.seq >"), -1);
                    })
                    {
                        Halves = [.. FinishedHalves(filter)],
                    };
                }

                yield return new(States.All, "j.seq DESC", null, _ => Unfinished, w =>
                {
                    w.AddPlace("s.status < 5 AND j.seq <", after is { Major: Unfinished } a ? a.Seq : long.MaxValue);
                });
                break;
        }
    }

    /// <summary>The SELECT of some columns, the first of them that pass a filter.</summary>
    public string Select(string columns, string where, int room)
    {
        string[] halves = [.. Halves.Select(h => $"SELECT {columns} FROM {From} WHERE {h} AND {where} ORDER BY {Order} LIMIT {room}")];
        return halves.Length == 1 ? halves[0]
            : $"SELECT * FROM (({string.Join(") UNION ALL (", halves)})) u ORDER BY {Order.Replace("s.", "", StringComparison.Ordinal)} LIMIT {room}";
    }

    // As the indexes done_finished and done_failed are.
    private static IEnumerable<string> FinishedHalves(JobFilter filter)
    {
        if (filter.Statuses.Count == 0 || filter.Statuses.Any(s => s != JobStatus.Failed))
            yield return "s.status <> 6";
        if (filter.Statuses.Count == 0 || filter.Statuses.Contains(JobStatus.Failed))
            yield return "s.status = 6";
    }

    /// <summary>Where to look for jobs that pass a filter: the smallest set that has them all.</summary>
    public static string FromOf(JobFilter filter) =>
        filter.Statuses.Count == 0 ? States.All : filter.Statuses.All(s => s.IsFinal()) ? States.Finished : filter.Statuses.All(s => !s.IsFinal()) ? States.Live : States.All;
}

/// <summary>A filter as conditions on a job (j) and where it stands (s).</summary>
internal sealed class FilterSql
{
    private readonly NpgsqlCommand _command;
    private readonly StringBuilder _text = new("true");

    /// <param name="command">Gets the parameters.</param>
    /// <param name="filter">The filter.</param>
    /// <param name="registry">Knows the lines.</param>
    /// <param name="priority">Only jobs of this priority; null for the filter's.</param>
    /// <param name="hits">The jobs that the filter's text occurs in; null when they are not known.</param>
    public FilterSql(NpgsqlCommand command, JobFilter filter, Registry registry, int? priority, long[]? hits)
    {
        _command = command;
        if (filter.Statuses.Count > 0)
            Add("s.status = ANY({0})", filter.Statuses.Select(s => (short)s).ToArray());
        if (LinesOf(filter with { Priority = priority ?? filter.Priority }, registry) is { } lines)
            Add("s.line = ANY({0})", lines);
        if (filter.Kind is { } kind)
            Add("j.kind = {0}", (short)kind);
        if (filter.Tag is { } tag)
            Add("j.tags @> ARRAY[{0}]", tag);
        if (filter.OriginId is { } origin)
            Add("j.origin = {0}", origin);
        if (filter.CreatedAfter is { } from)
            Add("j.created_at >= {0}", from.UtcTicks);
        if (filter.CreatedBefore is { } to)
            Add("j.created_at < {0}", to.UtcTicks);
        if (hits is not null)
        {
            Add("j.seq = ANY({0})", hits);
        }
        else if (filter.Text is { } text)
        {
            Add("""(strpos(lower(j.search COLLATE "C"), lower({0} COLLATE "C")) > 0 OR strpos(lower(s.error COLLATE "C"), lower({0} COLLATE "C")) > 0 OR starts_with(j.id::text, lower({0})))""",
                Sql.Storable(text)!);
        }
    }

    public string Text => _text.ToString();

    /// <summary>The lines that a filter asks for; null for all.</summary>
    public static int[]? LinesOf(JobFilter filter, Registry registry) =>
        filter.Queue is null && filter.ServerId is null && filter.JobType is null && filter.Priority is null
            ? null : [.. registry.Known.Lines.Where(l => IsIn(l, filter)).Select(l => l.Id)];

    /// <summary>Whether a job's line and status decide.</summary>
    public static bool LinesDecide(JobFilter filter) =>
        filter with { Statuses = [], Queue = null, ServerId = null, JobType = null, Priority = null } == JobFilter.All;

    public void AddPlace(string condition, long? seq)
    {
        if (seq is { } place)
            Add(condition + " {0}", place);
    }

    private void Add<T>(string condition, T value)
    {
        _command.With(value);
        _text.Append(" AND ").Append(condition.Replace("{0}", "$" + _command.Parameters.Count.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
    }

    private static bool IsIn(Line line, JobFilter filter) =>
        (filter.Queue is null || line.Queue == filter.Queue)
        && (filter.ServerId is null || line.LimitKey == "server:" + filter.ServerId)
        && (filter.JobType is null || line.Needs.Split(';')[0] == "task:" + filter.JobType)
        && (filter.Priority is null || line.Priority == filter.Priority);
}
