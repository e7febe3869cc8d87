"""Words of code and of mathematics. See `lexicon` for how entries are written."""

from __future__ import annotations

CODE_WORDS: dict[str, str] = {
    "code_name": """
        python python3 javascript typescript java kotlin golang rust ruby php perl haskell
        scala julia matlab fortran cobol lua dart bash powershell sql mysql postgresql postgres
        sqlite mongodb nosql html html5 css css3 scss sass xml json yaml toml csv regex regexp
        numpy pandas matplotlib scipy sklearn scikit pytorch tensorflow keras django flask
        fastapi react angular vue vuejs svelte nextjs next_js nuxt nodejs node_js jquery
        expressjs webpack vite npm yarn pip conda maven gradle cmake makefile gcc clang docker
        dockerfile docker_compose kubernetes kubectl k8s helm terraform ansible nginx apache
        redis kafka rabbitmq git github gitlab linux ubuntu debian unix android_studio ios_app
        swiftui swift_code flutter arduino assembly c++ c# f# asp_net dotnet .net vba vb_net
        racket lisp scheme_code clojure elixir erlang ocaml prolog solidity graphql grpc
        protobuf opencv selenium playwright beautifulsoup pytest junit jest_test tailwind
        bootstrap ggplot ggplot2 dplyr tidyverse rstudio cuda opengl unity3d xcode vscode
        intellij jupyter awk sed grep ssh crontab cron_job systemd asyncio multithreading
        hibernate laravel wordpress_plugin firebase sveltekit typeorm prisma nestjs spring_boot
        springboot js ts stl cpp rlang oracle_db dynamodb elasticsearch aws_lambda
        azure_function visual_basic objective_c google_sheets_formula excel_formula excel_macro
        in_c in_r in_go using_c using_r c_program c_code r_code go_code питон питоне пайтон
        пайтоне джава джаваскрипт pythonissa pythonban pythonda pythonu pythonem pythonie
        javascripta javascriptem
    """,
    "code_noun": """
        code codes coding script scripts algorithm algorithms array arrays arraylist
        integer_array string_array tuple tuples dict hashmap hash_map hashtable hash_table
        dataframe dataframes linked_list linked_lists binary_tree binary_trees binary_search
        bst trie stack_overflow subarray subarrays substring substrings subsequence palindrome
        palindromes palindromic recursion recursive recursively iterator iterators iterable
        pointer pointers struct structs enum boolean booleans bool int ints float char varchar
        stdin stdout stderr printf println cout endl console_log sys_argv argv argc api apis
        api_key endpoint endpoints rest_api http https url urls json_file csv_file sql_query
        database databases schema primary_key foreign_key left_join inner_join stored_procedure
        dataset column_name dataframe_column for_loop while_loop foreach list_comprehension
        for_loops nested_loop if_statement switch_case regular_expression regular_expressions
        unittest unit_test unit_tests test_case test_cases repository repo commit commits
        merge_conflict rebase pull_request branch_name middleware backend frontend front_end
        back_end webpage web_page web_app website_that websocket socket sockets mutex semaphore
        async await promise promises callback callbacks closure decorator decorators lambda
        kwargs args init_method constructor destructor inheritance polymorphism encapsulation
        oop parser parsing tokenizer compiler interpreter debugger bytecode runtime syntax
        traceback stacktrace stack_trace pseudocode cli_tool command_line terminal_command
        shell_script batch_file one_liner time_complexity space_complexity big_o memory_leak
        race_condition deadlock segfault segmentation_fault null_pointer undefined_behavior
        dropdown navbar div_element href onclick css_class flexbox viewport dom_element
        event_listener data_structure data_structures sorting_algorithm bubble_sort quicksort
        quick_sort merge_sort mergesort insertion_sort heap_sort dijkstra depth_first
        breadth_first dynamic_programming fibonacci fizzbuzz hello_world two_sum lru_cache
        tic_tac_toe web_scraper scraper chatbot_in crud todo_app login_form localhost
        dependency_injection environment_variable env_variable unsigned malloc vector_of std
        nullable null nan nonetype nullptr undefined boolean_value tuple_list nested_list
        list_of_lists list_of_strings list_of_integers list_of_tuples list_of_numbers
        sorted_array sorted_list key_value lookup_table ascii_value utf_8 hexadecimal bitwise
        bit_manipulation xor sha256 md5 base64 timestamp datetime stdin_input input_file
        output_file log_file file_path programa_en programa_que programming programmer snippet
        snippets boilerplate github_repo config_file settings_py dll exe_file sdk ide plugin
        quelltext quellcode algorithmus zeichenkette zeichenketten schleife for_schleife
        datenbank datenbankabfrage regulären_ausdruck rekursiv unittests skript programmcode
        algorithme tableau_d tableau_de chaîne_de chaînes_de boucle base_de_données
        expression_régulière récursive algoritmo algoritmos arreglo cadena_de cadenas_de bucle
        base_de_datos expresión_regular recursiva recursivo código códigos codice stringa
        stringhe ciclo_for banco_de_dados expressão_regular laço string_em vetor arranjo
        reguliere_expressie lus algoritme programkod sträng lista_med algoritm databas
        rekursiv_funktion kod skrypt pętla pętlę tablicę tablica łańcuch bazy_danych kodu
        kodunu döngü dizi diziyi veritabanı özyinelemeli kode skrip larik basis_data mã_nguồn
        đoạn_mã chuỗi mảng thuật_toán cơ_sở_dữ_liệu msimbo код кода коде скрипт скрипта алгор*
        массив массива массивы массиве строку_в рекур* цикл цикле цикла база_данных базы_данных
        регулярное переменную переменная бинар* дерево_поиска список_чисел масив масиву рядок
        скриптом кодом
    """,
    "code_vague": """
        function functions program programs list lists string strings integer integers
        dictionary dictionaries class classes method methods variable variables loop loops
        queue heap stack query queries table tables column columns row rows library libraries
        framework module modules package packages import imports exception exceptions thread
        threads parameter parameters argument arguments return returns returned print prints
        key keys index element elements value values object objects input output file files
        folder directory type types sort sorted sorting reverse merge count character
        characters digit button page form website server client request response app
        application component install version command field fields node nodes tree graph matrix
        set_of tuple_of bug bugs error errors test tests true false none data user_input
        number_of_elements given_list given_string given_array two_lists duplicates delimiter
        funktion funktionen programm klasse klassen variablen liste listen datei fonction
        fonctions programme classe méthode liste_de fichier función funciones programa método
        lista archivo fichero funzione funzioni metodo arquivo função funções functie functies
        programma bestand lijst funktioner klass fil funkcję funkcja funkcji klasę klasa listę
        pliku plik fonksiyon fonksiyonu sınıf liste_içindeki dosya fungsi kelas daftar berkas
        hàm chương_trình lớp danh_sách функция функцию функции функцией программу программа
        программы метод класс список списка файл файла запрос строку строки функцію програму
        клас файлу
    """,
    "code_verb": """
        implement implements implementing implementation refactor refactored refactoring debug
        debugging compile compiles compiled compiling deploy deploys deployed iterate iterates
        iterating instantiate initialize initializes serialize deserialize overload override
        concatenate concatenates tokenize authenticate parses parse append appends program_a
        code_a code_me write_a_function write_a_program write_a_script write_a_python
        write_python write_code write_a_class write_a_query write_an_sql write_a_method
        write_a_regex write_a_test write_tests write_a_java write_a_simple write_the_code
        create_a_function create_a_class create_a_python create_a_program create_a_script
        make_a_function make_a_program make_a_script build_a_web build_a_rest develop_a_program
        code_for code_that code_to code_in function_that function_to function_which
        function_called function_named program_that program_to program_which script_that
        script_to method_that method_to class_that class_for query_that query_to regex_to
        regex_that regex_for fix_the_bug fix_this fix_my my_code this_code the_code
        following_code code_snippet source_code this_function my_function following_function
        complete_the_function complete_the_following i_get_this_error doesn_t_work not_working
        does_not_work throws throws_an getting_an_error returns_true returns_false
        should_return return_the takes_a takes_two takes_in as_input input_and an_array
        a_string given_an_array given_a_string given_a_list run_this how_do_i_use implementiere
        implementieren programmiere programmieren schreibe_eine_funktion schreib_eine_funktion
        funktion_die eine_funktion ein_programm ein_skript debugge kompilier implémente
        implémenter implémentez programmez une_fonction un_programme un_script écris_une
        écrivez_une implementa implementar programar una_función un_programa_que un_script_que
        uma_função um_programa_que um_script una_funzione un_programma uno_script een_functie
        een_programma een_script schrijf_een en_funktion ett_program ett_skript skriv_en
        funkcję_która program_który napisz_funkcję napisz_program napisz_skrypt bir_fonksiyon
        bir_program fonksiyon_yaz program_yaz kod_yaz sebuah_fungsi fungsi_yang buatkan_program
        buat_fungsi tulis_fungsi tulis_kode viết_hàm viết_một_hàm viết_chương_trình viết_mã
        andika_programu реализ* напиши_функцию напишите_функцию напиши_код напишите_код
        напиши_скрипт напиши_программу напишите_программу напиши_запрос скомпи* отлад* рефакт*
        напиши_функцію напиши_програму debuguj zaimplementuj
    """,
    "code_error": """
        error_message error_code errors exception_in traceback stacktrace typeerror valueerror
        keyerror indexerror attributeerror syntaxerror importerror modulenotfounderror
        nameerror runtimeerror referenceerror zerodivisionerror nullpointerexception
        nullreferenceexception ioexception classnotfoundexception filenotfounderror unhandled
        uncaught errno econnrefused segfault stackoverflow out_of_bounds out_of_range
        not_defined is_not_a_function cannot_find cannot_read_property permission_denied
        no_such_file module_not_found failed_to compilation fehlermeldung fehler_in
        message_d_erreur mensaje_de_error lỗi hata_veriyor ошибка ошибку ошибки помилка błąd
        errore erro_no erro_ao error_al fout_in felmeddelande
    """,
    "math_strong": """
        prove proof proofs disprove theorem theorems lemma corollary axiom axioms show_that
        integral integrals integrate antiderivative derivative derivatives differentiate
        differentiable polynomial polynomials quadratic cubic_equation logarithm logarithms
        eigenvalue eigenvalues eigenvector eigenvectors determinant matrices vector_space
        linear_map linearly_independent converge converges convergence convergent diverges
        diverge irrational rational_numbers prime_number prime_numbers primes modulo mod
        congruent congruence bijection bijective injective surjective isomorphic isomorphism
        homomorphism abelian subgroup group_theory topology topological manifold compact_space
        metric_space combinatorics permutation permutations combinatorial binomial factorial
        probability probabilities expected_value expected_number random_variable
        random_variables variance covariance standard_deviation conditional_probability bayes
        bayesian markov poisson stochastic brownian gaussian normally_distributed
        arithmetic_sequence geometric_sequence arithmetic_progression geometric_series
        infinite_series fourier laplace gradient hessian divergence_of contour_integral riemann
        holomorphic epsilon induction contradiction greatest_common_divisor greatest_common
        least_common gcd lcm remainder divisor divisors divisible coprime real_numbers
        real_number complex_number complex_numbers natural_numbers positive_integer
        positive_integers nonnegative inequality inequalities equation equations solve_for
        asymptote lim limit_of differential_equation partial_derivative random_walk
        without_replacement fair_coin fair_die fair_dice two_dice coin_flips standard_deck
        at_random chosen_at_random let_x let_f such_that beweise beweisen beweist beweis
        satz_von integriere ableitung wahrscheinlichkeit gleichung gleichungen primzahl
        primzahlen teilbar lineare_algebra stammfunktion démontre démontrer démontrez
        montrez_que montre_que prouve prouver prouvez théorème intégrale dérivée probabilité
        équation équations nombre_premier nombres_premiers demuestra demostrar demuestre
        demuéstrese teorema derivada probabilidad ecuación ecuaciones número_primo
        números_primos dimostra dimostrare dimostri integrale derivata probabilità equazione
        equazioni numero_primo numeri_primi prove_que provar demonstre demonstrar probabilidade
        equação equações bewijs bewijzen stelling afgeleide waarschijnlijkheid de_kans
        vergelijking priemgetal priemgetallen bevisa bevis sannolikheten sannolikhet ekvation
        ekvationen derivatan integralen primtal udowodnij dowód prawdopodobieństwo równanie
        równania całkę całka pochodną pochodna liczb_pierwszych kanıtla kanıtlayın ispatla
        ispatlayın olasılık olasılığı denklem denklemi denklemini türevini türevi integralini
        asal_sayı buktikan probabilitas persamaan turunan peluang bilangan_prima chứng_minh
        xác_suất phương_trình đạo_hàm tích_phân số_nguyên_tố thibitisha uwezekano mlinganyo
        докаж* доказ* теоре* интег* произв* вероя* уравн* довед* ймові* рівня* похід* матрица
        матрицы простых_чисел sandsynlighed todista todennäköisyys dokažte pravděpodobnost
        demonstrați demonstrează probabilitatea bizonyítsd valószínűség
    """,
    "math_ask": """
        calculate calculates compute simplify factor_the expand_the solve solve_the
        evaluate_the find_the_value find_the_sum find_the_area find_the_number
        find_the_probability find_the_length find_the_maximum find_the_minimum find_all find_x
        determine_the what_is_the_sum what_is_the_value what_is_the_probability
        what_is_the_area what_is_the_total value_of sum_of product_of ratio_of
        difference_between average_of mean_of median_of exponent squared cubed cos sin tan log
        ln sqrt decimal_places nearest simplest_form in_terms_of closed_form final_answer
        numerical arithmetic express_your answer_as round_your how_do_you_solve what_fraction
        berechne berechnen berechnet bestimme ermittle löse_die calcule calculer calculez
        résous résoudre résolvez déterminer déterminez trouvez_la calcula calcular calcular_la
        resuelve resolver halla hallar determina resolva encontre_o calcola calcolare risolvi
        risolvere trova_il bereken berekenen los_op beräkna lös räkna_ut hur_stor oblicz
        wyznacz rozwiąż znajdź_wartość hesapla hesaplayın hesaplayınız çözün bulunuz hitung
        hitunglah tentukan_nilai tính giải_phương kokotoa tafuta_thamani hesabu вычис* посчи*
        рассч* найди_сумму найдите решите реши обчис* розв'яж* розвя* знайд* beregn laske
        vypočítej calculați számítsd
    """,
    "geometry": """
        triangle triangles circle circles rectangle rectangular square_root radius diameter
        perimeter circumference hypotenuse perpendicular parallel parallelogram trapezoid
        rhombus polygon pentagon hexagon hexagonal octagon cosine tangent sine vertices vertex
        coordinates coordinate y_axis x_axis slope line_segment midpoint bisector bisects
        isosceles equilateral inscribed circumscribed circumcircle chord arc sphere cylinder
        cone cube cuboid pyramid_with prism area volume surface_area angle angles degrees
        diagonal square_with side_length sides square_feet square_meters square_inches cubic
        dreieck kreis rechteck flächeninhalt umfang winkel volumen triangle_rectangle cercle
        aire périmètre angle_droit triángulo círculo rectángulo área perímetro ángulo triangolo
        cerchio rettangolo perimetro angolo triângulo retângulo ângulo driehoek cirkel
        rechthoek oppervlakte omtrek triangel rektangel trójkąt trójkąta prostokąt
        pole_powierzchni üçgen dikdörtgen çember alanı segitiga persegi lingkaran luas keliling
        tam_giác diện_tích pembetatu duara треуг* прямоу* окруж* площа* периме* трикут* прямок*
    """,
}
"""Group to its words and phrases."""

CODE_SUBSTRINGS: dict[str, str] = {
    "code_noun": """
        代码 程序 脚本 算法 数组 字符串 链表 变量 数据库 sql语句 查询语句 报错 编译 正则 遍历
        递归 源码 函数名 返回值 循环语句 排序算法 哈希 線程 线程 部署 接口 後端 后端 前端 程式
        代碼 陣列 演算法 コード スクリプト アルゴリズム 配列 文字列 正規表現 データベース
        プログラム 再帰 コンパイル 코드 스크립트 알고리즘 배열 문자열 데이터베이스 정규식
        정규표현식 프로그램 재귀 리스트에서 โค้ด สคริปต์ อัลกอริทึม อาร์เรย์ สตริง ฐานข้อมูล
        โปรแกรม कोड प्रोग्राम स्क्रिप्ट एल्गोरिदम एल्गोरिथ्म ऐरे स्ट्रिंग डेटाबेस কোড প্রোগ্রাম
        অ্যালগরিদম স্ট্রিং অ্যারে ডাটাবেস కోడ్ ప్రోగ్రామ్ స్ట్రింగ్ అల్గారిథమ్ కోడ్‌ డేటాబేస్
        كود برنامج_بلغة خوارزمية مصفوفة سلسلة_نصية قاعدة_بيانات برنامجا کد برنامه‌ای الگوریتم
        آرایه پایگاه_داده کدی קוד אלגוריתם מערך מחרוזת מסד_נתונים שאילתה תוכנית_ב
    """,
    "code_vague": """
        函数 列表 字典 循环 类的 类名 查询 程序 网页 文件 参数 输入 输出 元素 整数 排序 函數
        関数 リスト ループ 変数 クラス メソッド クエリ ファイル 引数 함수 리스트 반복문 변수
        클래스 메서드 쿼리 파일 정수 ฟังก์ชัน ลิสต์ ตัวแปร คลาส ไฟล์ फ़ंक्शन फंक्शन सूची लिस्ट
        क्लास फ़ाइल ফাংশন তালিকা লিস্ট ক্লাস ফাইল ఫంక్షన్ జాబితా లిస్ట్ క్లాస్ ఫైల్ دالة قائمة
        متغير ملف تابع فهرست متغیر فایل פונקציה רשימה משתנה קובץ
    """,
    "code_verb": """
        编写程序 编写代码 编写函数 编写一个函数 编写一个程序 编写一个python 编写一段代码
        编写脚本 实现一个 写一个函数 写一段 写个函数 写个程序 写一个python 写一个程序 调试 重构
        运行 用python 用java 使用python 実装 を書いて デバッグ 作成してください 구현 작성해
        작성하 디버그 짜줘 เขียนฟังก์ชัน เขียนโค้ด เขียนโปรแกรม फ़ंक्शन_लिख फंक्शन_लिख कोड_लिख
        प्रोग्राम_लिख ফাংশন_লিখ কোড_লিখ প্রোগ্রাম_লিখ ఫంక్షన్_రాయ కోడ్_రాయ ప్రోగ్రామ్_రాయ
        اكتب_دالة اكتب_برنامج اكتب_كود تابعی_بنویس برنامه‌ای_بنویس کدی_بنویس כתוב_פונקציה
        כתוב_קוד כתוב_תוכנית כתבי_פונקציה
    """,
    "code_error": """
        报错 错误信息 异常 エラー 例外 오류 에러 예외 ข้อผิดพลาด त्रुटि এরর ఎర్రర్ خطأ_في خطای
        שגיאה
    """,
    "math_strong": """
        证明 定理 积分 导数 求导 方程 概率 矩阵 向量 质数 素数 无理数 多项式 證明 整除 余数
        公倍数 公约数 未知数 数列 等差 等比 証明 積分 微分 確率 方程式 行列 ベクトル 無理数
        증명 정리를 적분 미분 확률 방정식 행렬 벡터 소수인 무리수 수열 พิสูจน์ ทฤษฎีบท ปริพันธ์
        อนุพันธ์ ความน่าจะเป็น สมการ เมทริกซ์ सिद्ध_कीजिए सिद्ध_कर प्रमेय समाकलन अवकलन
        प्रायिकता समीकरण अभाज्य প্রমাণ_কর উপপাদ্য সম্ভাবনা সমীকরণ মৌলিক_সংখ্যা నిరూపించ
        సిద్ధాంతం సంభావ్యత సమీకరణ ప్రధాన_సంఖ్య أثبت برهن نظرية تكامل مشتقة احتمال معادلة
        عدد_أولي اثبات ثابت_کن قضیه انتگرال مشتق معادله عدد_اول הוכח הוכיחו משפט_פיתגורס
        אינטגרל נגזרת הסתברות משוואה מספר_ראשוני
    """,
    "math_ask": """
        计算 求解 求出 解方程 百分之 分之 平方 平均 是多少 求 合計 計算 求めよ 求めなさい
        求めて 割合 계산 구하시오 구하여라 구하세요 평균 คำนวณ จงหา ร้อยละ เปอร์เซ็นต์ หาค่า
        गणना ज्ञात_कीजिए ज्ञात_करें प्रतिशत हल_कीजिए গণনা নির্ণয় শতাংশ বের_কর లెక్కించ కనుగొన
        శాతం احسب أوجد النسبة محاسبه حساب_کن درصد بیابید חשב חשבו אחוז פתרו
    """,
    "geometry": """
        面积 体积 周长 半径 直径 三角形 长方形 正方形 圆柱 圆锥 圆 底面 角 面積 体積 長方形
        円周 넓이 부피 반지름 지름 삼각형 직사각형 พื้นที่ ปริมาตร รัศมี สามเหลี่ยม สี่เหลี่ยม
        क्षेत्रफल आयतन त्रिभुज वृत्त आयत ত্রিভুজ বৃত্ত আয়তক্ষেত্র ক্ষেত্রফল త్రిభుజ వృత్త
        వైశాల్య مساحة مثلث دائرة مستطيل مساحت دایره مستطیل שטח משולש מעגל מלבן
    """,
}
"""Group to its substrings, for scripts without spaces."""
