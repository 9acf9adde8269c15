namespace Drover.Cli.Verbs;

/// <summary>Finds what somebody may have meant.</summary>
internal static class Nearest
{
    /// <summary><c> Did you mean web-1 or web-2?</c>, or nothing.</summary>
    public static string Hint(string text, IEnumerable<string> names)
    {
        var near = Of(text, names);
        return near.Count > 0 ? $" Did you mean {string.Join(" or ", near)}?" : "";
    }

    /// <summary>Up to three names that are spelt nearly like it or contain it, nearest first.</summary>
    public static IReadOnlyList<string> Of(string text, IEnumerable<string> names) =>
    [
        .. names.Select(name => (name, distance: Distance(name.ToLowerInvariant(), text.ToLowerInvariant())))
            .Where(near => near.distance <= Math.Max(1, text.Length / 3) || (text.Length > 1 && near.name.Contains(text, StringComparison.OrdinalIgnoreCase)))
            .OrderBy(near => near.distance).Take(3).Select(near => near.name),
    ];

    /// <summary>How many letters must be put in, taken out, changed or swapped with their neighbour.</summary>
    private static int Distance(string a, string b)
    {
        int[,] d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    d[i, j] = i + j;
                    continue;
                }

                d[i, j] = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }

        return d[a.Length, b.Length];
    }
}
