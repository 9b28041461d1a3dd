namespace Llm4Msr.Testing;

/// <summary>Where tests find files: golden numbers in the repository, large outside files below <c>LLM4MSR_ASSETS</c>, scratch space.</summary>
internal static class TestFiles
{
    /// <summary>A file or folder below <c>test/golden</c>.</summary>
    public static string Golden(params string[] parts) => Path.Combine([RepositoryRoot, "test", "golden", .. parts]);

    /// <summary>A file or folder that is not in the repository; the test is skipped, and says so, where it is missing.</summary>
    public static string Asset(params string[] parts)
    {
        var assets = Environment.GetEnvironmentVariable("LLM4MSR_ASSETS");
        Assert.SkipWhen(string.IsNullOrEmpty(assets), $"skipped: needs {string.Join('/', parts)} below the folder that LLM4MSR_ASSETS names");
        var path = Path.GetFullPath(Path.Combine([assets!, .. parts]));
        Assert.SkipUnless(File.Exists(path) || Directory.Exists(path), $"skipped: needs {path}");
        return path;
    }

    public static string RepositoryRoot { get; } = FindRoot();

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Directory.Packages.props")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new DirectoryNotFoundException($"No repository above {AppContext.BaseDirectory}.");
    }
}

/// <summary>A folder of its own for one test, deleted with it.</summary>
internal sealed class ScratchFolder : IDisposable
{
    public ScratchFolder() => Directory.CreateDirectory(Root);

    public string Root { get; } = Path.Combine(Path.GetTempPath(), $"llm4msr-test-{Guid.NewGuid():N}");

    public string this[string name] => Path.Combine(Root, name);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
