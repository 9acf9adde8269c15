using StackExchange.Redis;

namespace Drover.Redis.Engine;

/// <summary>Reads <c>redis://</c> and <c>rediss://</c> addresses; any other text is a connection string of the client library.</summary>
internal static class ConnectionText
{
    public static ConfigurationOptions Parse(string text)
    {
        ConfigurationOptions options;
        try
        {
            options = text.Contains("://", StringComparison.Ordinal) ? FromUrl(text) : ConfigurationOptions.Parse(text);
        }
        // The text may hold a password, so it is not repeated.
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw new RedisConfigurationException("The Redis connection string cannot be read: expected redis://[user:password@]host[:port][/database] or host:port,option=value.", e);
        }

        options.ClientName ??= "drover";
        options.AsyncTimeout = Math.Max(options.AsyncTimeout, 15_000);
        // Only so may CONFIG GET be asked.
        options.AllowAdmin = true;
        // A call that cannot be sent fails at once rather than waiting unseen: the callers retry.
        options.BacklogPolicy = BacklogPolicy.FailFast;
        return options;
    }

    private static ConfigurationOptions FromUrl(string text)
    {
        int at = text.IndexOf("://", StringComparison.Ordinal);
        string scheme = text[..at];
        if (scheme is not ("redis" or "rediss"))
            throw new FormatException("Neither redis:// nor rediss://.");
        string rest = text[(at + 3)..];
        string query = Cut(ref rest, rest.IndexOf('?', StringComparison.Ordinal));
        string database = Cut(ref rest, rest.IndexOf('/', StringComparison.Ordinal));
        int user = rest.LastIndexOf('@');
        string hosts = rest[(user + 1)..];
        if (hosts.Length == 0)
            throw new FormatException("No host.");

        var options = ConfigurationOptions.Parse(query.Length == 0 ? hosts : hosts + "," + query.Replace('&', ','));
        options.Ssl |= scheme == "rediss";
        if (user >= 0)
        {
            string[] names = rest[..user].Split(':', 2);
            options.User = names[0].Length == 0 || names.Length == 1 ? options.User : Uri.UnescapeDataString(names[0]);
            options.Password = Uri.UnescapeDataString(names[^1]);
        }

        if (database.Length > 0)
            options.DefaultDatabase = int.Parse(database, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture);
        return options;
    }

    private static string Cut(ref string text, int at)
    {
        if (at < 0)
            return "";
        string cut = text[(at + 1)..];
        text = text[..at];
        return cut;
    }
}
