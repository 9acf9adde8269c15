using System.Globalization;
using Drover.Jobs;

namespace Drover.Testing;

/// <summary>
/// A job's place in a sorted list: two numbers that compare ascending, whatever the sort. It is also the cursor, since
/// a place, unlike a count, does not move when jobs are added.
/// </summary>
internal sealed record JobPlace(JobSort Sort, long Major, long Minor) : IComparable<JobPlace>
{
    public static JobPlace Of(JobSort sort, StoredJob job) => sort switch
    {
        JobSort.CreatedDescending => new(sort, 0, -job.Seq),
        JobSort.CreatedAscending => new(sort, 0, job.Seq),
        JobSort.FinishedDescending => new(sort, job.FinishedAt is { } at ? -at.UtcTicks : 0, -job.Seq),
        JobSort.Priority => new(sort, job.Priority, job.Seq),
        _ => throw new ArgumentOutOfRangeException(nameof(sort), sort, null),
    };

    /// <exception cref="ArgumentException">The text is no cursor, or one of another sort.</exception>
    public static JobPlace Parse(JobSort sort, string cursor)
    {
        string[] parts = cursor.Split('.');
        if (parts.Length == 3 && parts[0] == Letter(sort)
            && long.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long major)
            && long.TryParse(parts[2], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long minor))
            return new(sort, major, minor);
        throw new ArgumentException("This is no cursor of a list with this sort.", nameof(cursor));
    }

    public int CompareTo(JobPlace? other) => other is null ? 1 : (Major, Minor).CompareTo((other.Major, other.Minor));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Letter(Sort)}.{Major}.{Minor}");

    private static string Letter(JobSort sort) => sort switch
    {
        JobSort.CreatedDescending => "d",
        JobSort.CreatedAscending => "a",
        JobSort.FinishedDescending => "f",
        _ => "p",
    };
}
