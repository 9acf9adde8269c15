using System.Buffers.Text;
using System.Text;
using Drover.Server.Problems;

namespace Drover.Server.Http;

/// <summary>Pages of short lists that are ordered by a unique name; the cursor is the last name seen.</summary>
internal static class NamePage
{
    public static (IReadOnlyList<T> Items, string? Next) Of<T>(IEnumerable<T> ordered, Func<T, string> nameOf, int limit, string? cursor)
    {
        if (cursor is not null)
        {
            string after = Read(cursor);
            ordered = ordered.SkipWhile(item => StringComparer.OrdinalIgnoreCase.Compare(nameOf(item), after) <= 0);
        }

        var items = ordered.Take(limit + 1).ToList();
        if (items.Count <= limit)
            return (items, null);
        items.RemoveAt(limit);
        return (items, Base64Url.EncodeToString(Encoding.UTF8.GetBytes(nameOf(items[^1]))));
    }

    private static string Read(string cursor)
    {
        try
        {
            return Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
        }
        catch (FormatException)
        {
            throw Errors.Of("cursor", "Is not a cursor of this list.");
        }
    }
}
