using Drover.Cli.Client;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs;

/// <summary>Turns what people type (a server's name, the first letters of a job's id) into ids.</summary>
internal static class Resolve
{
    /// <summary>The job whose id is given in full or by its first letters; <c>last</c> is the latest one.</summary>
    public static async Task<Guid> JobAsync(Call call, string text)
    {
        if (Guid.TryParse(text, out var id))
            return id;
        string query = text == "last" ? "jobs?limit=1" : $"jobs?limit=2&q={Uri.EscapeDataString(text)}";
        var found = (await call.Client.GetAsync<JobListResponse>(query, call.Cancel)).Items
            .Where(job => text == "last" || job.Id.ToString().StartsWith(text, StringComparison.OrdinalIgnoreCase)).ToList();
        return found.Count switch
        {
            1 => found[0].Id,
            0 => throw new UsageException($"There is no job whose id begins with '{text}'."),
            _ => throw new UsageException($"More than one job's id begins with '{text}': give more of it."),
        };
    }

    /// <summary>The server with this name or id; near names are told when there is none.</summary>
    public static async Task<ServerResponse> ServerAsync(Call call, string text)
    {
        var servers = await ServersAsync(call);
        return servers.FirstOrDefault(server => server.Id == text || server.Name.Equals(text, StringComparison.OrdinalIgnoreCase))
            ?? throw new UsageException(Unknown(text, servers));
    }

    public static async Task<IReadOnlyList<ServerResponse>> ServersAsync(Call call)
    {
        var servers = new List<ServerResponse>();
        string? cursor = null;
        do
        {
            var page = await call.Client.GetAsync<ServerListResponse>("servers?limit=500" + (cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor)), call.Cancel);
            servers.AddRange(page.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return servers;
    }

    private static string Unknown(string text, IReadOnlyList<ServerResponse> servers)
    {
        var near = servers.Select(server => server.Name)
            .Select(name => (name, distance: Distance(name.ToLowerInvariant(), text.ToLowerInvariant())))
            .Where(near => near.distance <= Math.Max(2, text.Length / 3) || near.name.Contains(text, StringComparison.OrdinalIgnoreCase))
            .OrderBy(near => near.distance).Take(3).Select(near => near.name).ToList();
        return $"There is no server '{text}'." + (near.Count > 0 ? $" Did you mean {string.Join(" or ", near)}?" : " `drover server list` shows those there are.");
    }

    /// <summary>Levenshtein's distance.</summary>
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }

        return row[^1];
    }
}
