namespace Drover.Cli.Configuration;

/// <summary>The kinds of store.</summary>
internal enum StoreKind
{
    /// <summary>In the data folder, for one process.</summary>
    Sqlite,

    /// <summary>PostgreSQL, for any number of nodes.</summary>
    Postgres,

    /// <summary>Redis, for any number of nodes.</summary>
    Redis,
}

/// <summary>Where a store is.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Url">The whole address, with its password; empty for SQLite.</param>
internal sealed record StoreAddress(StoreKind Kind, string Url)
{
    public static StoreAddress Sqlite { get; } = new(StoreKind.Sqlite, "");

    /// <summary>Whether several nodes use it at once.</summary>
    public bool IsShared => Kind != StoreKind.Sqlite;

    /// <summary>Reads a setting; null when it names no store.</summary>
    public static StoreAddress? Parse(string text) => text.Split(':', 2)[0].ToLowerInvariant() switch
    {
        "" or "sqlite" => Sqlite,
        "postgres" or "postgresql" => new(StoreKind.Postgres, text),
        "redis" or "rediss" => new(StoreKind.Redis, text),
        _ => null,
    };

    /// <summary>The address without user and password, for people and logs.</summary>
    public override string ToString()
    {
        if (!IsShared)
            return "sqlite";
        int begin = Url.IndexOf("://", StringComparison.Ordinal) + 3;
        string rest = Url[begin..].Split('?', 2)[0];
        return Url[..begin] + rest[(rest.LastIndexOf('@') + 1)..];
    }
}
