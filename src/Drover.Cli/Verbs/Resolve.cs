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
        if (text == "last")
        {
            var latest = (await call.Client.GetAsync<JobListResponse>("jobs?limit=1", call.Cancel)).Items;
            return latest.Count > 0 ? latest[0].Id : throw new UsageException("There is no job yet.");
        }

        if (text.Length < 4 || text.Any(c => !char.IsAsciiHexDigit(c) && c != '-'))
            throw new UsageException($"A job is named by its id, at least the first four letters of it, or 'last'; not by '{text}'.");
        // The search looks for the text in commands too, hence the room.
        var found = (await call.Client.GetAsync<JobListResponse>($"jobs?limit=100&q={Uri.EscapeDataString(text)}", call.Cancel)).Items
            .Where(job => job.Id.ToString().StartsWith(text, StringComparison.OrdinalIgnoreCase)).ToList();
        return found.Count switch
        {
            1 => found[0].Id,
            0 => throw new UsageException($"There is no job whose id begins with '{text}'."),
            _ => throw new UsageException($"The ids of {found.Count} jobs begin with '{text}'; give more of it."),
        };
    }

    public static async Task<IReadOnlyList<Guid>> JobsAsync(Call call, IEnumerable<string> texts)
    {
        var ids = new List<Guid>();
        foreach (string text in texts)
            ids.Add(await JobAsync(call, text));
        return [.. ids.Distinct()];
    }

    /// <summary>The server with this name or id; near names are told when there is none.</summary>
    public static async Task<ServerResponse> ServerAsync(Call call, string text) => (await ServersAsync(call, [text]))[0];

    /// <inheritdoc cref="ServerAsync"/>
    public static async Task<IReadOnlyList<ServerResponse>> ServersAsync(Call call, IReadOnlyCollection<string> texts)
    {
        if (texts.Count == 0)
            return [];
        var servers = await AllServersAsync(call);
        return
        [
            .. texts.Select(text => servers.FirstOrDefault(server => server.Id == text || server.Name.Equals(text, StringComparison.OrdinalIgnoreCase))
                ?? throw new UsageException($"There is no server '{text}'." + Hint(text, servers))).Distinct(),
        ];
    }

    public static async Task<IReadOnlyList<ServerResponse>> AllServersAsync(Call call)
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

    private static string Hint(string text, IReadOnlyList<ServerResponse> servers) =>
        Nearest.Hint(text, servers.Select(server => server.Name)) is { Length: > 0 } hint ? hint : " `drover server list` shows those there are.";
}
