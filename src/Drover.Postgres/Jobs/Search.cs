using System.Buffers;
using Drover.Postgres.Engine;
using Npgsql;

namespace Drover.Postgres.Jobs;

/// <summary>
/// Finds the jobs that a text occurs in. Walking along a list and looking at each job is fast when many match, and reads
/// the whole history one by one when few do; so the few are found first, by scans that the server does in parallel, or by
/// an index where somebody made one (docs/stores.md).
/// </summary>
internal static class Search
{
    // With more hits than this a list's first page is found soon by walking along it.
    private const int Most = 5000;
    private static readonly SearchValues<char> IdCharacters = SearchValues.Create("0123456789abcdefABCDEF-");

    private const string FindSql = """
        SELECT seq FROM (
          SELECT seq FROM jobs WHERE lower(search COLLATE "C") LIKE lower($1 COLLATE "C")
          UNION ALL SELECT seq FROM jobs WHERE id BETWEEN $2 AND $3
          UNION ALL SELECT seq FROM done WHERE error IS NOT NULL AND lower(error COLLATE "C") LIKE lower($1 COLLATE "C")
          UNION ALL SELECT seq FROM running WHERE lower(error COLLATE "C") LIKE lower($1 COLLATE "C")
          UNION ALL SELECT seq FROM waiting WHERE lower(error COLLATE "C") LIKE lower($1 COLLATE "C")
          UNION ALL SELECT seq FROM ready WHERE lower(error COLLATE "C") LIKE lower($1 COLLATE "C")) f
        LIMIT $4
        """;

    /// <summary>The numbers of all that match; null when they are many.</summary>
    public static async Task<long[]?> FindAsync(NpgsqlConnection connection, string text, CancellationToken cancel)
    {
        string pattern = $"%{Sql.Storable(text)!.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal).Replace("_", @"\_", StringComparison.Ordinal)}%";
        var (first, last) = IdsFrom(text);
        await using var command = connection.Command(FindSql).With(pattern).With(first).With(last).With((long)Most + 1);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new HashSet<long>();
        int rows = 0;
        for (; await reader.ReadAsync(cancel); rows++)
            found.Add(reader.GetInt64(0));
        return rows > Most ? null : [.. found];
    }

    /// <summary>The least and the greatest id that begin so; none when nothing can.</summary>
    private static (Guid First, Guid Last) IdsFrom(string text)
    {
        string zeros = Guid.Empty.ToString();
        return text.Length <= zeros.Length && !text.AsSpan().ContainsAnyExcept(IdCharacters)
            && Guid.TryParseExact(text + zeros[text.Length..], "D", out var first)
            && Guid.TryParseExact(text + Guid.AllBitsSet.ToString()[text.Length..], "D", out var last)
            ? (first, last) : (Guid.AllBitsSet, Guid.Empty);
    }
}
