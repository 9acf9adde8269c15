using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Drover.EndToEnd.Deploy;

/// <summary>The files of <c>deploy/</c>, as the tests read them.</summary>
internal static class DeployFiles
{
    public static string Folder { get; } = Find();

    /// <summary>Their paths below <c>deploy/</c>, without what people keep there for themselves.</summary>
    public static IEnumerable<string> Yaml(string below = "") => Directory.EnumerateFiles(Path.Combine(Folder, below), "*.yaml", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Folder, file)).Where(file => !file.StartsWith("secrets/", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    public static string Text(string file) => File.ReadAllText(Path.Combine(Folder, file));

    /// <summary>The documents of a YAML file, with <c>&lt;&lt;</c> merged in.</summary>
    public static IReadOnlyList<Node> Documents(string file)
    {
        var parser = new MergingParser(new Parser(new StringReader(Text(file))));
        var deserializer = new DeserializerBuilder().Build();
        var documents = new List<Node>();
        parser.Consume<YamlDotNet.Core.Events.StreamStart>();
        while (parser.Accept<YamlDotNet.Core.Events.DocumentStart>(out _))
            documents.Add(new(deserializer.Deserialize<object?>(parser)));
        return documents;
    }

    /// <summary>The image's own variables.</summary>
    public static IReadOnlyDictionary<string, string> ImageEnvironment()
    {
        string line = DockerfileLines().Last(line => line.StartsWith("ENV ", StringComparison.Ordinal));
        return line[4..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
    }

    public static string[] DockerfileLines() => Text("Dockerfile").Replace("\\\n", " ", StringComparison.Ordinal).Split('\n');

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "deploy", "compose.yaml")))
                return Path.Combine(folder.FullName, "deploy");
        }

        throw new InvalidOperationException("There is no folder deploy/ above the tests.");
    }
}

/// <summary>A part of a YAML document; what is not there is an empty one.</summary>
internal readonly record struct Node(object? Value)
{
    public Node this[string key] => new(Value is Dictionary<object, object?> map ? map.GetValueOrDefault(key) : null);

    public Node this[int index] => new(((List<object?>)Value!)[index]);

    public bool Exists => Value is not null;

    public string Text => Value as string ?? throw new InvalidOperationException("It is no text.");

    public IEnumerable<Node> Items => Value is List<object?> list ? list.Select(item => new Node(item)) : [];

    public string[] Texts => [.. Items.Select(item => item.Text)];

    public IEnumerable<(string Key, Node Value)> Pairs => Value is Dictionary<object, object?> map ? map.Select(pair => ((string)pair.Key, new Node(pair.Value))) : [];

    /// <summary>Every node within, this one first.</summary>
    public IEnumerable<Node> All()
    {
        var inner = Items.Concat(Pairs.Select(pair => pair.Value)).ToList();
        return inner.SelectMany(node => node.All()).Prepend(this);
    }
}
