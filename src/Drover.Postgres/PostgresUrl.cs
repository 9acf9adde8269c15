using System.Globalization;
using Npgsql;

namespace Drover.Postgres;

/// <summary>Reads a database's URL. What is wrong with it is told without its password.</summary>
internal static class PostgresUrl
{
    /// <exception cref="ArgumentException">It is no such URL, or has a parameter that means nothing here.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("postgres" or "postgresql"))
            throw new ArgumentException("The database's URL must look like postgres://USER:PASSWORD@HOST:PORT/DATABASE.");
        string[] user = url.UserInfo.Split(':', 2);
        string database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/'));
        if (database.Length == 0 || user[0].Length == 0)
            throw new ArgumentException("The database's URL must name a user and a database: postgres://USER:PASSWORD@HOST:PORT/DATABASE.");
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = url.Host.Length == 0 ? "localhost" : url.Host.Trim('[', ']'),
            Port = url.Port < 0 ? 5432 : url.Port,
            Username = Uri.UnescapeDataString(user[0]),
            Database = database,
        };
        if (user.Length == 2)
            settings.Password = Uri.UnescapeDataString(user[1]);
        foreach (string pair in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            Set(settings, parts[0], parts.Length == 2 ? Uri.UnescapeDataString(parts[1]) : "");
        }

        return settings;
    }

    private static void Set(NpgsqlConnectionStringBuilder settings, string name, string value)
    {
        switch (name)
        {
            case "sslmode":
                settings.SslMode = value switch
                {
                    "disable" => SslMode.Disable,
                    "allow" => SslMode.Allow,
                    "prefer" => SslMode.Prefer,
                    "require" => SslMode.Require,
                    "verify-ca" => SslMode.VerifyCA,
                    "verify-full" => SslMode.VerifyFull,
                    _ => throw new ArgumentException($"The database's URL has an unknown sslmode '{value}'."),
                };
                break;
            case "sslrootcert": settings.RootCertificate = value; break;
            case "application_name": settings.ApplicationName = value; break;
            case "connect_timeout":
                if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) || seconds is < 1 or > 1000)
                    throw new ArgumentException("The connect_timeout in the database's URL must be 1 to 1000 seconds.");
                settings.Timeout = seconds;
                break;
            default:
                throw new ArgumentException(
                    $"The database's URL has an unknown parameter '{name}'; known are sslmode, sslrootcert, application_name and connect_timeout.");
        }
    }
}
