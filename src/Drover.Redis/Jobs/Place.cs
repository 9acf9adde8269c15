using System.Globalization;
using Drover.Jobs;

namespace Drover.Redis.Jobs;

/// <summary>A job's place in a list: where it stands by score, and its seq. It is also the cursor.</summary>
internal readonly record struct Place(long Major, long Seq)
{
    /// <summary>Where jobs that have not ended stand in a list by their end.</summary>
    public const long Unfinished = -1;

    public static Place? Parse(JobSort sort, string? cursor)
    {
        if (cursor is null)
            return null;
        string[] parts = cursor.Split('.');
        if (parts.Length == 3 && parts[0] == Letter(sort)
            && long.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long major)
            && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out long seq))
            return new(major, seq);
        throw new ArgumentException("This is no cursor of a list with this sort.", nameof(cursor));
    }

    public string ToText(JobSort sort) => string.Create(CultureInfo.InvariantCulture, $"{Letter(sort)}.{Major}.{Seq}");

    /// <summary>Whether the job, as it is now, stands here.</summary>
    public bool Holds(JobSort sort, JobRecord job) => sort switch
    {
        JobSort.Priority => job.Priority == Major,
        JobSort.FinishedDescending => job.Status.IsFinal() == (Major != Unfinished),
        _ => true,
    };

    private static string Letter(JobSort sort) => sort switch
    {
        JobSort.CreatedDescending => "d",
        JobSort.CreatedAscending => "a",
        JobSort.FinishedDescending => "f",
        _ => "p",
    };
}
