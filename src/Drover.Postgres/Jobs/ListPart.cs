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
                    yield return new(States.ByEnd, "s.finished_at DESC, s.seq DESC", null, j => j.FinishedAt!.Value.UtcTicks, w =>
                    {
                        if (after is { } a)
                            w.AddPlace(string.Create(CultureInfo.InvariantCulture, $"s.finished_at <= {a.Major} AND (s.finished_at, s.seq) < ({a.Major}, {a.Seq}) AND j.seq >"), -1);
                    });
                }

                yield return new(States.All, "j.seq DESC", null, _ => Unfinished, w =>
                {
                    w.AddPlace("s.status < 5 AND j.seq <", after is { Major: Unfinished } a ? a.Seq : long.MaxValue);
                });
                break;
        }
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

    public FilterSql(NpgsqlCommand command, JobFilter filter, Registry registry, int? priority)
    {
        _command = command;
        if (filter.Statuses.Count > 0)
            Add("s.status = ANY({0})", filter.Statuses.Select(s => (short)s).ToArray());
        StatusesAlone = filter with { Statuses = [] } == JobFilter.All && priority is null;
        priority ??= filter.Priority;
        if (filter.Queue is not null || filter.ServerId is not null || filter.JobType is not null || priority is not null)
            Add("s.line = ANY({0})", registry.Known.Lines.Where(l => IsIn(l, filter, priority)).Select(l => l.Id).ToArray());
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
        if (filter.Text is { } text)
        {
            Add("""(strpos(lower(j.search COLLATE "C"), lower({0} COLLATE "C")) > 0 OR strpos(lower(s.error COLLATE "C"), lower({0} COLLATE "C")) > 0 OR starts_with(j.id::text, lower({0})))""",
                Sql.Storable(text)!);
        }
    }

    public string Text => _text.ToString();

    /// <summary>Whether the statuses alone decide.</summary>
    public bool StatusesAlone { get; }

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

    private static bool IsIn(Line line, JobFilter filter, int? priority) =>
        (filter.Queue is null || line.Queue == filter.Queue)
        && (filter.ServerId is null || line.LimitKey == "server:" + filter.ServerId)
        && (filter.JobType is null || line.Needs.Split(';')[0] == "task:" + filter.JobType)
        && (priority is null || line.Priority == priority);
}
