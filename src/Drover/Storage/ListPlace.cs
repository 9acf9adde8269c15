using System.Globalization;
using Drover.Jobs;

namespace Drover.Storage;

/// <summary>
/// A job's place in a sorted list: two numbers, of which each store makes what suits its order. It is also the cursor, since a place, unlike
/// a count, does not move when jobs are added.
/// </summary>
/// <param name="Major">What the list is sorted by.</param>
/// <param name="Seq">What tells jobs apart that are equal in that: their order of acceptance, negative where a store has the latest first.</param>
public readonly record struct ListPlace(long Major, long Seq) : IComparable<ListPlace>
{
    /// <summary>The place that a cursor names; null when there is no cursor.</summary>
    /// <exception cref="ArgumentException">The text is no cursor, or one of another sort.</exception>
    public static ListPlace? Parse(JobSort sort, string? cursor)
    {
        if (cursor is null)
            return null;
        string[] parts = cursor.Split('.');
        if (parts.Length == 3 && parts[0] == Letter(sort)
            && long.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long major)
            && long.TryParse(parts[2], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long seq))
            return new(major, seq);
        throw new ArgumentException("This is no cursor of a list with this sort.", nameof(cursor));
    }

    /// <summary>The cursor of what comes after this place.</summary>
    public string ToCursor(JobSort sort) => string.Create(CultureInfo.InvariantCulture, $"{Letter(sort)}.{Major}.{Seq}");

    /// <inheritdoc/>
    public int CompareTo(ListPlace other) => Major != other.Major ? Major.CompareTo(other.Major) : Seq.CompareTo(other.Seq);

    /// <summary>Whether a place is before another.</summary>
    public static bool operator <(ListPlace left, ListPlace right) => left.CompareTo(right) < 0;

    /// <summary>Whether a place is behind another.</summary>
    public static bool operator >(ListPlace left, ListPlace right) => left.CompareTo(right) > 0;

    /// <summary>Whether a place is not behind another.</summary>
    public static bool operator <=(ListPlace left, ListPlace right) => left.CompareTo(right) <= 0;

    /// <summary>Whether a place is not before another.</summary>
    public static bool operator >=(ListPlace left, ListPlace right) => left.CompareTo(right) >= 0;

    private static string Letter(JobSort sort) => sort switch
    {
        JobSort.CreatedDescending => "d",
        JobSort.CreatedAscending => "a",
        JobSort.FinishedDescending => "f",
        _ => "p",
    };
}
